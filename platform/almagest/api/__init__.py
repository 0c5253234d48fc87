"""The REST API: everything that the pages show, for programs. See `urls.py` for what there is."""
