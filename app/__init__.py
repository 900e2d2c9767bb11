"""The Unit Registry: ``create_app`` wires what the other modules hold."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate

from app import cli, db, docs, error_handlers, ops, paths, wire
from app.accounts.views import bp as accounts_bp
from app.accounts.views import groups_bp
from app.item_units.views import bp as item_units_bp
from app.items.views import bp as items_bp
from app.units.views import bp as units_bp


def create_app(config: Mapping[str, Any]) -> Flask:
    """Answer the application for ``config``, as ``config.from_env`` reads it."""
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(config)
    # Every path takes one trailing slash, and no POST is ever redirected (CONTRACT 2).
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    paths.init_app(app)
    wire.init_app(app)
    db.init_app(app)
    JWTManager(app)
    Migrate(app, db.db, compare_type=True, render_as_batch=True)
    error_handlers.init_app(app)
    ops.init_app(app)
    docs.init_app(app)
    cli.init_app(app)
    for blueprint in (accounts_bp, groups_bp, units_bp, items_bp, item_units_bp):
        app.register_blueprint(blueprint)
    return app
