"""Django's settings. What an operator may set are environment variables, listed in docs/settings.md."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from regulars.project.database import data_directory, django_database
from regulars.project.keys import key_32, numbered_keys, text_secret
from regulars.project.logs import logging_settings
from regulars.project.rooms import room_apps

PACKAGE = Path(__file__).resolve().parent.parent
DATA = data_directory()

DEBUG = os.environ.get("REGULARS_DEBUG") == "1"
SECRET_KEY = text_secret("secret_key", variable="REGULARS_SECRET_KEY", directory=DATA)
# 256-bit key from which the keys of field encryption and of the blind index are derived.
FIELD_KEY: bytes = key_32("field_key", variable="REGULARS_FIELD_KEY", directory=DATA)
# To rotate it, set REGULARS_FIELD_KEY_2, then _3 and so on: the highest number encrypts, all of them decrypt.
FIELD_KEYS: dict[int, bytes] = {1: FIELD_KEY, **numbered_keys("REGULARS_FIELD_KEY")}
# Where rooms keep files (imports, error files, exports).
FILES_DIRECTORY = DATA / "files"
# Where the warehouse keeps its Parquet files, and what analytics may take of the machine.
WAREHOUSE_DIRECTORY = DATA / "warehouse"
INSIGHT_MEMORY = os.environ.get("REGULARS_INSIGHT_MEMORY") or "512MB"
INSIGHT_THREADS = int(os.environ.get("REGULARS_INSIGHT_THREADS") or 2)

# How many days a journey's run is kept after its end; 0 is for ever.
JOURNEY_DAYS = int(os.environ.get("REGULARS_JOURNEY_DAYS") or 400)

# Private networks that requests to others' servers (webhooks, providers) may go to; none by default.
ALLOWED_NETWORKS = os.environ.get("REGULARS_ALLOWED_NETWORKS") or ""

# The address people reach the installation under, for links, QR codes and cookies; https makes cookies secure.
HOST = os.environ.get("HOST") or "127.0.0.1"
PORT = int(os.environ.get("PORT") or 8000)
PUBLIC_URL = (os.environ.get("REGULARS_PUBLIC_URL") or f"http://127.0.0.1:{PORT}").rstrip("/")
_public = urlsplit(PUBLIC_URL)
_https = _public.scheme == "https"
# How many reverse proxies of ours stand in front: their X-Forwarded-For is believed, and no other.
TRUSTED_PROXIES = int(os.environ.get("REGULARS_TRUSTED_PROXIES") or 0)
# Requests per second, in each web process, of one API key and of one address without a key; 0 is no limit.
RATE_PER_KEY = float(os.environ.get("REGULARS_RATE_PER_KEY") or 5000)
RATE_PER_ADDRESS = float(os.environ.get("REGULARS_RATE_PER_ADDRESS") or 200)

_LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"]
if os.environ.get("REGULARS_ALLOWED_HOSTS"):
    ALLOWED_HOSTS = [name.strip() for name in os.environ["REGULARS_ALLOWED_HOSTS"].split(",") if name.strip()]
elif HOST in ("127.0.0.1", "localhost", "::1"):
    ALLOWED_HOSTS = [*_LOCAL_NAMES, _public.hostname or "localhost"]
else:
    ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

_rooms = room_apps()
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "ninja",
    *_rooms,
]
AUTH_USER_MODEL = "staff.Staff" if "regulars.platform.staff" in _rooms else "auth.User"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "regulars.project.headers.security_headers",
    "regulars.surfaces.problems.frame",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "regulars.project.people.Sessions",
    "regulars.project.people.Languages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "regulars.project.people.Accounts",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "regulars.surfaces.rest.rehearsal.rehearse",
]
ROOT_URLCONF = "regulars.project.urls"
WSGI_APPLICATION = "regulars.project.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

DATABASES = {"default": django_database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_CODE = "zh-hans"
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "regulars"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_NAME = "csrftoken"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _https
CSRF_HEADER_NAME = "HTTP_X_CSRFTOKEN"
LANGUAGE_COOKIE_SAMESITE = "Lax"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
X_FRAME_OPTIONS = "DENY"

# Ten megabytes of JSON are read and answered; more is refused before it is parsed.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

STATIC_URL = "/static/"
STATICFILES_DIRS = [path for path in [PACKAGE / "static"] if path.is_dir()]
# `regulars serve` gathers and compresses the files once; without that they are served from where they lie.
STATIC_ROOT = os.environ.get("REGULARS_STATIC_ROOT") or None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
# The front ends' builds put a hash into every name below assets/.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/(console|portal)/assets/.+$"

LOGGING = logging_settings(os.environ.get("REGULARS_LOG_LEVEL") or "INFO")
