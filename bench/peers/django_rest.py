"""A peer: Django and its REST framework, serializers and the ORM, a query and a write per row."""

from typing import Any

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from bench.peers.common import IS_SQLITE, SQLITE_SETTINGS, URL

LIBPQ = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "user", "PASSWORD": "password"}


def database() -> dict[str, Any]:
    """Answer Django's settings for the database."""
    if IS_SQLITE:
        pragmas = "; ".join(f"PRAGMA {setting}" for setting in SQLITE_SETTINGS)
        options = {"transaction_mode": "IMMEDIATE", "init_command": pragmas}
        name = URL.removeprefix("sqlite:///")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
    given = conninfo_to_dict(URL)
    named = {name: str(given.get(key) or "") for name, key in LIBPQ.items()}
    return {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, **named}


settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": database()},
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
    ROOT_URLCONF="bench.peers.django_units",
    SECRET_KEY="only the bench uses this",
    USE_TZ=False,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - needs the settings

app = get_wsgi_application()
app.config = {}  # Where gunicorn.conf.py, which serves it as it serves us, puts what it has to say.
