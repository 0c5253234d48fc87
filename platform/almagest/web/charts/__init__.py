"""Figures as numbers for SVG templates: drawn on the server, readable without JavaScript, in the colours of the page."""
