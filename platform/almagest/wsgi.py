"""The web server's door: `gunicorn almagest.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almagest.settings")
application = get_wsgi_application()
