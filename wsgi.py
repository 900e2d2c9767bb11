"""The WSGI entry point: ``gunicorn wsgi:app`` and ``flask --app wsgi …``."""

import sys

from app import create_app
from config import ConfigError, from_env

try:
    app = create_app(from_env())
except ConfigError as error:
    sys.exit(str(error))
