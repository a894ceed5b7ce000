"""One file, read top to bottom; the environment decides (docs/operations.md)."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from webapp import env

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# Where everything lives that isn't code: database, uploads, models, keys, caches.
DATA_DIR = Path(env.text("PACENOTE_DATA", str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

# Security
DEBUG = env.flag("PACENOTE_DEBUG", False)
SECRET_KEY = env.text("PACENOTE_SECRET_KEY", "") or env.secret(DATA_DIR / "secret-key")
ALLOWED_HOSTS = env.words("PACENOTE_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("PACENOTE_ORIGINS", "")
HTTPS = env.flag("PACENOTE_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# Apps
INSTALLED_APPS = [
    "webapp.apps.WebappConfig",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
# those of `for_pages` let a program's requests to the API by
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "webapp.views.for_pages.Policy",
    "webapp.views.for_pages.Sessions",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "webapp.views.for_pages.Forms",
    "webapp.views.for_pages.Users",
    # pages are closed unless a view says otherwise
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "webapp.views.for_pages.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "webapp.views.admin_policy.AdminPolicy",
    "webapp.views.errors.Explained",
]
ROOT_URLCONF = "webapp.urls"
WSGI_APPLICATION = "webapp.wsgi.application"
CSRF_FAILURE_VIEW = "webapp.views.errors.forged"
LOGIN_URL = reverse_lazy("login")
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webapp.views.context.shell",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Database
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": env.database(
        env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'pacenote.sqlite3'}")
    )
}

# Queue. The embedded broker picks a free port at start and leaves its address in a
# file, so that a command typed in another shell finds it.
BROKER_FILE = DATA_DIR / "broker-url"
REDIS_URL = env.text(
    "REDIS_URL",
    BROKER_FILE.read_text() if BROKER_FILE.exists() else "redis://127.0.0.1:6379/0",
)

# The model
BACKBONE = env.text("PACENOTE_BACKBONE", "")
# keys and values of tokens read, in the scorer and in the trainer
CACHE_MB = env.number("PACENOTE_CACHE_MB", 1024)
PRECISION = env.text("PACENOTE_PRECISION", "")
DEVICE = env.text("PACENOTE_DEVICE", "")
DEMO_EPISODES = env.number("PACENOTE_DEMO_EPISODES", 240)
REPLICAS = env.number("PACENOTE_REPLICAS", 1)
SPARE_SCORER = env.flag("PACENOTE_SPARE", True)
SCORE_SEATS = env.number("PACENOTE_SCORE_SEATS", 32)
SCORE_DEADLINE_SECONDS = env.number("PACENOTE_SCORE_DEADLINE", 30)
METRICS_ON_LOOPBACK = env.flag("PACENOTE_METRICS_ON_LOOPBACK", False)
SESSION_HOURS = env.number("PACENOTE_SESSION_HOURS", 24)
TOKEN_CACHE_SECONDS = env.number("PACENOTE_TOKEN_CACHE", 2)
SCORE_SYNC_TOKENS = env.number("PACENOTE_SCORE_SYNC_TOKENS", 100_000)

# Uploads stream to disk; only JSON bodies of the API are held in memory.
MAX_UPLOAD_BYTES = env.number("PACENOTE_MAX_UPLOAD_MB", 2048) * 2**20
DATA_UPLOAD_MAX_MEMORY_SIZE = env.number("PACENOTE_MAX_BODY_MB", 32) * 2**20
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "tmp"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "webapp.api.authentication.BearerAuthentication",
        "webapp.api.authentication.PageAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["webapp.api.permissions.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["webapp.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["webapp.api.renderers.FastJSON"],
    "DEFAULT_SCHEMA_CLASS": "webapp.api.schema.Operations",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "webapp.api.negotiation.FirstRenderer",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "webapp.api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pacenote",
    "DESCRIPTION": "Step-level rewards for language-model agents.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1|/compat",
    "POSTPROCESSING_HOOKS": ["webapp.api.schema.add_components"],
}

# Files, language, time
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "webapp.staticfiles.ModuleManifestStorage"},
}
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
UNFOLD = {
    "SITE_TITLE": "Pacenote",
    "SITE_HEADER": "Pacenote",
    "SITE_SYMBOL": "route",
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    # the pages' accent, in the shades unfold asks for
    "COLORS": {
        "primary": {
            "50": "#f2f6fc",
            "100": "#e2ebf7",
            "200": "#c5d8f0",
            "300": "#8fb8f0",
            "400": "#6ea3e8",
            "500": "#2f6fc4",
            "600": "#1d4f91",
            "700": "#1a4680",
            "800": "#16396a",
            "900": "#122f57",
            "950": "#0b1d36",
        }
    },
    "DASHBOARD_CALLBACK": "webapp.views.dashboard.admin_context",
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # a line for each request of our own health checks
    "loggers": {"httpx": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env.text("PACENOTE_LOG", "INFO")},
}
