"""A plugin's README as a page: rendered, then cleaned of anything that could run."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

RENDERER = MarkdownIt("commonmark").enable("table")


def to_html(text: str) -> SafeString:
    """HTML of Markdown, with headings one level down, below the page's own."""
    html = nh3.clean(RENDERER.render(text))
    for level in (5, 4, 3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 1}>").replace(f"</h{level}>", f"</h{level + 1}>")
    return mark_safe(html)
