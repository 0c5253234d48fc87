"""Django settings. Everything that differs between machines comes from the environment; see README, "Settings"."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from almagest.core.addresses import broker_url, database_settings, home, secret_key

BASE_DIR = Path(__file__).resolve().parents[2]
ALMAGEST_HOME = home()

DEBUG = os.environ.get("ALMAGEST_DEBUG", "") == "1"
SECRET_KEY = secret_key(ALMAGEST_HOME)
ALLOWED_HOSTS = os.environ.get("ALMAGEST_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("ALMAGEST_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_celery_beat",
    "almagest.core",
    "almagest.accounts",
    "almagest.runs",
    "almagest.sky",
    "almagest.spectra",
    "almagest.samples",
    "almagest.registry",
    "almagest.predictions",
    "almagest.catalogs",
    "almagest.vetting",
    "almagest.rescoring",
    "almagest.releases",
    "almagest.api",
    "almagest.vo",
    "almagest.web",
    "almagest.server",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "almagest.api.middleware.SpeakToPrograms",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    # What has no revision of its own is named by its content: whoever has it already is told so.
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "almagest.web.middleware.SpeakPlainly",
]
ROOT_URLCONF = "almagest.urls"
WSGI_APPLICATION = "almagest.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "almagest.web.context.site",
            ],
        },
    }
]

DATABASES = {"default": database_settings(ALMAGEST_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Workers
BROKER_URL = broker_url(ALMAGEST_HOME)
# A chunk's lease: a worker that has not renewed it for so long is taken for dead.
LEASE_SECONDS = float(os.environ.get("ALMAGEST_LEASE_SECONDS", "30"))
REAP_SECONDS = float(os.environ.get("ALMAGEST_REAP_SECONDS", "5"))
# Objects scored in one transaction: small enough to end well inside any time-out, large enough to be quick.
BLOCK_SIZE = int(os.environ.get("ALMAGEST_BLOCK_SIZE", "200000"))
# The same where each object is a spectrum, of some 60 kB.
SPECTRA_BLOCK_SIZE = int(os.environ.get("ALMAGEST_SPECTRA_BLOCK_SIZE", "2000"))

# Releases: who gives them out, and the address at which people find this site, without a slash at its end.
PUBLISHER = os.environ.get("ALMAGEST_PUBLISHER", "Almagest")
SITE_URL = os.environ.get("ALMAGEST_SITE", "").rstrip("/")
# How files reach people: by this process ("" ), by the web server in front of it, which is told below which address it
# finds the file store ("/protected/"), or straight from the object store ("redirect").
SEND_FILES = os.environ.get("ALMAGEST_SEND_FILES", "")

# The API. Counts of requests are kept beside the workers' messages, so that all web processes share them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": BROKER_URL,
        "KEY_PREFIX": "almagest",
    }
}
# Bytes of a body: 100,000 positions with names take about 6 million.
DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000
API_RATES = {
    "anonymous": os.environ.get("ALMAGEST_RATE_ANONYMOUS", "300/min"),
    "person": os.environ.get("ALMAGEST_RATE_PERSON", "1200/min"),
}
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "almagest.api.problems.on_exception",
    "DEFAULT_SCHEMA_CLASS": "almagest.api.schema.Schema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["almagest.api.authentication.ByToken", "almagest.api.authentication.BySession"],
    "DEFAULT_PERMISSION_CLASSES": ["almagest.api.authentication.MayWrite"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["almagest.api.parsing.StrictJson"],
    "URL_FORMAT_OVERRIDE": None,
    # Proxies in front of the web server, whose word for a reader's address is taken.
    "NUM_PROXIES": int(os.environ.get("ALMAGEST_PROXIES", "0")),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Almagest",
    "DESCRIPTION": "Objects, measurements, scores and candidate catalogs, for programs.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "COMPONENT_SPLIT_REQUEST": True,
}

# Letters about passes, where a policy asks for them: ALMAGEST_MAIL is smtp://USER:PASSWORD@HOST:PORT, or smtps://…
MAIL = urlsplit(os.environ.get("ALMAGEST_MAIL", ""))
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL.hostname else 'console'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = MAIL.hostname or "", MAIL.port or (465 if MAIL.scheme == "smtps" else 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(MAIL.username or ""), unquote(MAIL.password or "")
EMAIL_USE_SSL, EMAIL_USE_TLS = MAIL.scheme == "smtps", MAIL.scheme == "smtp" and EMAIL_PORT == 587
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("ALMAGEST_MAIL_FROM", "almagest@localhost")

# Files
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": ALMAGEST_HOME / "files"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static_root"
MEDIA_ROOT = ALMAGEST_HOME / "files"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("ALMAGEST_LOG", "WARNING")},
}
