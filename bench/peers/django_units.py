"""The Django peer's models, serializers and view."""

from collections import Counter
from typing import Any

import jwt
from django.db import models, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.peers.common import ADDRESS, PLAIN, RECIPE, address_key, organization_of, utcnow


class StoredJson(models.JSONField):
    """A column of type json, which the driver itself turns into lists and objects."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Answer the value; SQLite still has it as text."""
        if isinstance(value, str):
            return super().from_db_value(value, expression, connection)
        return value


def text() -> models.TextField:
    """Answer a text column that may be null."""
    return models.TextField(null=True)


class Group(models.Model):
    """A set of units."""

    organization_id = models.BigIntegerField()
    external_ref = models.TextField()

    class Meta:
        app_label = "registry"
        managed = False
        db_table = "groups"


class Unit(models.Model):
    """A unit, its address inline."""

    id = models.BigAutoField(primary_key=True)
    organization_id = models.BigIntegerField()
    group = models.ForeignKey(Group, on_delete=models.CASCADE)
    identifier, external_ref, name, unit_number = text(), text(), text(), text()
    number_of_bedrooms = models.IntegerField(null=True)
    number_of_bathrooms = models.FloatField(null=True)
    sqft = models.FloatField(null=True)
    has_flex_wall = models.BooleanField(null=True)
    bathrooms = StoredJson(null=True)
    building_name, address_line_1, address_line_2 = text(), text(), text()
    city, state, postal_code, country = text(), text(), text(), text()
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    address_key = text()
    address_recipe = models.IntegerField(null=True)
    version = models.IntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "registry"
        managed = False
        db_table = "units"


def line(**options: Any) -> serializers.CharField:
    """Answer a text of at most 255 characters."""
    return serializers.CharField(
        max_length=255, **({"required": False, "allow_null": True} | options)
    )


def number(low: float = 0, high: float = 10**9) -> serializers.FloatField:
    """Answer a number within limits."""
    return serializers.FloatField(min_value=low, max_value=high, required=False, allow_null=True)


class BathroomSerializer(serializers.Serializer):
    """A bathroom."""

    has_shower_or_bath = serializers.BooleanField(default=None, allow_null=True)
    has_sink = serializers.BooleanField(default=None, allow_null=True)
    has_toilet = serializers.BooleanField(default=None, allow_null=True)


class AddressSerializer(serializers.Serializer):
    """An address; it is replaced whole."""

    building_name = line(default=None)
    address_line_1 = line(required=True, allow_null=False)
    address_line_2 = line(default=None)
    city, state = line(default=None), line(default=None)
    postal_code, country = line(default=None), line(default=None)
    latitude = number(-90, 90)
    longitude = number(-180, 180)


class UnitSerializer(serializers.ModelSerializer):
    """A row of a request, and a unit of an answer."""

    identifier, external_ref, name, unit_number = line(), line(), line(), line()
    number_of_bedrooms = serializers.IntegerField(
        min_value=0, max_value=1000, required=False, allow_null=True
    )
    number_of_bathrooms, sqft = number(), number()
    bathrooms = BathroomSerializer(many=True, required=False, allow_null=True)
    address = AddressSerializer(required=False, allow_null=True, source="*")

    class Meta:
        model = Unit
        fields = (*PLAIN, "bathrooms", "address", "id", "group_id", "created_at", "updated_at")
        read_only_fields = ("id", "group_id", "created_at", "updated_at")


class RequestSerializer(serializers.Serializer):
    """A request."""

    group_external_ref = serializers.CharField(max_length=255)
    units = UnitSerializer(many=True)


class TokenAuthentication(BaseAuthentication):
    """Bearer tokens of the registry."""

    def authenticate(self, request: Request) -> tuple[None, int]:
        """Answer nobody and the organization."""
        try:
            return None, organization_of(request.headers.get("Authorization", ""))
        except jwt.PyJWTError:
            raise AuthenticationFailed() from None


class HasToken(BasePermission):
    """Lets in who brought a token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the request was authenticated."""
        return request.auth is not None


class UnitsView(APIView):
    """Create or update many units of one group."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [HasToken]

    @transaction.atomic
    def post(self, request: Request) -> Response:
        """Do the work of a request."""
        serializer = RequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        group = (
            Group.objects.select_for_update()
            .filter(organization_id=request.auth, external_ref=wanted["group_external_ref"])
            .first()
        )
        if group is None:
            raise NotFound()
        done = [upsert(group, row) for row in wanted["units"]]
        rows = [
            {"index": i, "action": action, "matched_by": by, "unit": UnitSerializer(unit).data}
            for i, (unit, action, by) in enumerate(done)
        ]
        return Response({"units": rows, "summary": Counter(action for _, action, _ in done)})


def upsert(group: Group, row: dict[str, Any]) -> tuple[Unit, str, str | None]:
    """Create or update one unit; answers it, what happened and how it was found."""
    sent = dict(row)
    if sent.get("identifier") is None:
        sent.pop("identifier", None)
    if sent.get("address_line_1"):
        place = {name: sent.get(name) for name in ADDRESS}
        key = address_key(place, sent.get("unit_number"), "")
        sent |= place | {"address_key": key, "address_recipe": RECIPE}
    unit, found_by = find(group, sent)
    now = utcnow()
    if unit is None:
        return create(group, sent, now), "created", None
    if all(getattr(unit, name) == value for name, value in sent.items()):
        return unit, "unchanged", found_by
    for name, value in sent.items():
        setattr(unit, name, value)
    unit.version, unit.updated_at = unit.version + 1, now
    unit.save()
    return unit, "updated", found_by


def create(group: Group, sent: dict[str, Any], now: Any) -> Unit:
    """Add a unit."""
    times = {"version": 1, "created_at": now, "updated_at": now}
    return Unit.objects.create(organization_id=group.organization_id, group=group, **sent, **times)


def find(group: Group, sent: dict[str, Any]) -> tuple[Unit | None, str | None]:
    """Answer the unit with this identifier, else the one at this address."""
    here = Unit.objects.filter(organization_id=group.organization_id, group=group)
    if sent.get("identifier") and (unit := here.filter(identifier=sent["identifier"]).first()):
        return unit, "identifier"
    if sent.get("address_key") and (unit := here.filter(address_key=sent["address_key"]).first()):
        return unit, "address"
    return None, None


def show_health(_request: HttpRequest) -> JsonResponse:
    """Answer that the process lives."""
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("healthz", show_health),
    path("api/v1.0/units/multiple", UnitsView.as_view()),
]
