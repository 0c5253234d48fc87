"""What models expect of objects' spectra."""
