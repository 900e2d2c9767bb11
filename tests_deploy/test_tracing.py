"""OpenTelemetry by environment alone: spans of a request and its statements reach a collector."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests_deploy.conftest import Site
from tests_deploy.processes import Server, get


@contextmanager
def collector() -> Iterator[tuple[int, list[Span]]]:
    """Answer the port of an OTLP collector, and the spans that come in."""
    spans: list[Span] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                request = ExportTraceServiceRequest.FromString(body)
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        spans.extend(scope.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, spans
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_spans_of_a_request_and_its_statements_arrive(site: Site, tmp_path: Path) -> None:
    with collector() as (port, spans):
        settings = {
            **site.settings,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        server = Server("traced", tmp_path, settings)
        server.start()
        try:
            assert get(server.port, "/api/v1.0/groups", site.headers)[0] == 200
            deadline = time.monotonic() + 60
            while not of_groups(spans) and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            server.stop()

    [request] = of_groups(spans)
    statements = [span for span in spans if span.parent_span_id == request.span_id]
    assert request.name == "GET /api/v1.0/groups"
    assert {span.name.split()[0] for span in statements} >= {"SELECT"}
    assert "address" not in str(request.attributes)


def of_groups(spans: list[Span]) -> list[Span]:
    """Answer the spans of the request."""
    return [span for span in spans if span.name.endswith("/groups")]
