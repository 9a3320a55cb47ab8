"""Django's settings, made from the environment; the only place where they are decided."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import psycopg.conninfo
from csp.constants import NONE, SELF

from mingdu.main import database
from mingdu.main.database.launcher import NoDatabaseYet
from mingdu.main.environment import current_environment

ENVIRONMENT = current_environment()


def _database_settings() -> dict[str, Any]:
    try:
        parts = psycopg.conninfo.conninfo_to_dict(database.url(ENVIRONMENT))
    except NoDatabaseYet:
        # The tables' definitions can be looked at before there is a database (type checks, migrations).
        parts = {}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", "mingdu"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
DATABASES = {"default": _database_settings()}
AUTH_USER_MODEL = "base.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SUBJECTS = (
    "base",
    "work",
    "metering",
    "customers",
    "notices",
    "rounds",
    "money",
    "billing",
    "service",
    "satisfaction",
)
INSTALLED_APPS = [
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    *(f"mingdu.{subject}.apps.{subject.capitalize()}Config" for subject in SUBJECTS),
    "mingdu.faces",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "mingdu.main.request.SecureCookiesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "mingdu.main.request.NowMiddleware",
    "mingdu.faces.identity.ActorMiddleware",
    "mingdu.faces.problems.ProblemMiddleware",
]
ROOT_URLCONF = "mingdu.main.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "mingdu.base.frame.frame",
            ],
        },
    }
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_ENGINE = "mingdu.main.sessions"
# Rendered parts of customers' pages (faces/kept.py), about 15 kB each, in the memory of each process.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "parts": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "parts",
        "TIMEOUT": 600,
        "OPTIONS": {"MAX_ENTRIES": 5000},
    },
}
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # The theme draws small signs as data; they come from no other host.
        "img-src": [SELF, "data:", "blob:"],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "object-src": [NONE],
        "form-action": [SELF],
    }
}

USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
ZONE = ZoneInfo(TIME_ZONE)
USE_I18N = True
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [ENVIRONMENT.checkout / "src" / "mingdu" / "locale"]
WHITENOISE_USE_FINDERS = True
# A page names a built file with the hash of its content.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/(built|field)/"
STATIC_URL = "/static/"
ATTACHMENTS_FOLDER = ENVIRONMENT.data_folder / "attachments"
RULES_FOLDER = ENVIRONMENT.checkout / "rules"
METERS_FOLDER = ENVIRONMENT.checkout / "meters"
LOGGING_CONFIG = None
