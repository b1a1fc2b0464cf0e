"""Who gets in, and where: hosts, origins, roles, sizes, headers; against a running server."""

import socket
from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts
from served_console import Served
from websockets.exceptions import ConnectionClosed, InvalidStatus

from wearaffect.clinic.console.access import Needs
from wearaffect.clinic.console.app import console_app

OPERATOR, VIEWER, PARTICIPANT, NOBODY = "operator", "viewer", "participant", "nobody"
ROUTES = {  # who may, as the brief of each route says
    ("POST", "/api/invite"): {OPERATOR},
    ("POST", "/api/leave"): {OPERATOR, VIEWER, PARTICIPANT},
    ("GET", "/api/openapi.json"): {OPERATOR},
    ("GET", "/api/desk"): {OPERATOR, VIEWER},
    ("POST", "/api/scan"): {OPERATOR},
    ("POST", "/api/codes/next"): {OPERATOR},
    ("POST", "/api/codes/read"): {OPERATOR},
    ("POST", "/api/sitting"): {OPERATOR},
    ("GET", "/api/sitting"): {OPERATOR, VIEWER},
    ("GET", "/api/sitting/overview"): {OPERATOR, VIEWER},
    ("POST", "/api/sitting/acts"): {OPERATOR},
    ("POST", "/api/sitting/clear"): {OPERATOR},
    ("GET", "/api/form"): {OPERATOR, PARTICIPANT},
    ("POST", "/api/form/acts"): {OPERATOR, PARTICIPANT},
    ("GET", "/api/sessions"): {OPERATOR, VIEWER},
    ("POST", "/api/sessions/{name}/verify"): {OPERATOR},
    ("POST", "/api/sessions/{name}/recover"): {OPERATOR},
    ("GET", "/api/sessions/{name}/report"): {OPERATOR, VIEWER},
    ("POST", "/api/sessions/{name}/export"): {OPERATOR},
    ("GET", "/api/sessions/{name}/exports/{file}"): {OPERATOR},
}
OPEN = {("GET", "/"), ("GET", "/form"), ("GET", "/assets/{name}"), ("POST", "/api/enter")}


def routes() -> Iterator[tuple[str, str, bool]]:
    app = console_app(None)  # type: ignore[arg-type] # nothing is asked of it
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        guarded = any(isinstance(d.call, Needs) for d in route.dependant.dependencies)
        for method in getattr(route, "methods", None) or ["SOCKET"]:
            yield method, route.path, guarded


def test_every_route_says_who_may() -> None:
    found = {(method, path): guarded for method, path, guarded in routes()}
    assert found.keys() == ROUTES.keys() | OPEN | {("SOCKET", "/api/live")}
    assert {route for route, guarded in found.items() if not guarded} == OPEN


@pytest.mark.parametrize("role", [OPERATOR, VIEWER, PARTICIPANT, NOBODY])
def test_each_role_on_each_route(served: Served, role: str) -> None:
    client = served.fresh() if role == NOBODY else served[role]
    for (method, path), allowed in ROUTES.items():
        if path in {"/api/leave", "/api/scan"} and role in allowed:
            continue  # the first ends what follows, the second looks at real radios
        body = {"role": "viewer"} if path == "/api/invite" else None
        if path == "/api/codes/next":
            body = {"site": "P"}
        answer = client.request(method, path.format(name="none", file="none.zip"), json=body)
        refused = answer.status_code in {401, 403}
        assert refused == (role not in allowed), (method, path, answer.text)
        if refused:
            assert answer.status_code == (401 if role == NOBODY else 403)
            assert answer.json()["error"]["name"] == "ConsoleError"


@pytest.mark.parametrize("role", [OPERATOR, VIEWER])
def test_who_may_watch_gets_the_socket(served: Served, role: str) -> None:
    with served.socket(role) as page:
        page.ping().wait(10)


def test_who_may_not_watch_doesnt(served: Served) -> None:
    for headers in ({"Cookie": ""}, {"Cookie": "wearaffect_operator=x"}):
        with pytest.raises(InvalidStatus) as refused, served.socket(VIEWER, **headers):
            pass
        assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus), served.socket(PARTICIPANT):
        pass


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:1", "https://{host}", "http://{host}.evil"],
)
def test_foreign_origins_are_refused(served: Served, origin: str) -> None:
    origin = origin.format(host=served.host)
    with pytest.raises(InvalidStatus) as refused, served.socket(OPERATOR, Origin=origin):
        pass
    assert refused.value.response.status_code == 403
    answer = served[OPERATOR].post(
        "/api/codes/next", json={"site": "P"}, headers={"Origin": origin}
    )
    assert answer.status_code == 403
    entering = served.fresh(Origin=origin).post("/api/enter", json={"token": "x"})
    assert entering.status_code == 403


def test_a_socket_without_origin_is_refused(served: Served) -> None:
    operator = served[OPERATOR]
    cookies = "; ".join(f"{name}={value}" for name, value in operator.cookies.items())
    asked = (
        f"GET /api/live HTTP/1.1\r\nHost: {served.host}\r\nCookie: {cookies}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    assert said(served, f"{asked}\r\n").startswith("HTTP/1.1 403")
    assert said(served, f"{asked}Origin: {served.address}\r\n\r\n").startswith("HTTP/1.1 101")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_pages_cant_even_read(served: Served, site: str) -> None:
    for path in ("/api/sessions", "/api/desk", "/"):
        answer = served[OPERATOR].get(path, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    own = served[OPERATOR].get("/api/sessions", headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 200


def said(served: Served, request: str) -> str:
    """Send bytes as they are; give the beginning of the answer."""
    name, port = served.host.split(":")
    with socket.create_connection((name, int(port)), timeout=20) as wire:
        wire.sendall(request.encode("latin-1"))
        return wire.recv(65536).decode("latin-1")


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example"],
        ["evil.example:{port}"],
        ["127.0.0.1"],
        ["127.0.0.1:1"],
        ["127.0.0.1.evil.example:{port}"],
        ["127.0.0.1:{port}@evil.example"],
        ["127.1:{port}"],
        ["0.0.0.0:{port}"],
        ["127.0.0.1:{port}/../x"],
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(served: Served, hosts: list[str]) -> None:
    port = served.host.rpartition(":")[2]
    lines = "".join(f"Host: {host.format(port=port)}\r\n" for host in hosts)
    for path in ("/", "/api/sessions", "/assets/x.js"):
        answer = said(served, f"GET {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")
        assert answer.split()[1] in {"421", "400"}


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_our_own_names_serve(served: Served, host: str) -> None:
    host = host.format(port=served.host.rpartition(":")[2])
    answer = said(
        served, f"GET /api/sessions HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith("HTTP/1.1 401")  # as far as the cookie


def test_too_much_is_refused_however_it_comes(served: Served) -> None:
    operator = served[OPERATOR]

    def pieces() -> Iterator[bytes]:
        yield b'{"site": "'
        for _ in range(100):
            yield b"P" * 1024
        yield b'"}'

    for content in (b"x" * 70_000, pieces()):
        answer = operator.post(
            "/api/codes/next", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413
        assert "64 KiB" in answer.json()["error"]["what"]
    assert operator.get("/api/sessions").status_code == 200


def test_a_length_that_lies_is_not_believed(served: Served) -> None:
    lying = (
        f"POST /api/enter HTTP/1.1\r\nHost: {served.host}\r\nContent-Type: application/json\r\n"
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    chunk = f"{0x4000:x}\r\n" + "x" * 0x4000 + "\r\n"
    assert said(served, lying + chunk * 5 + "0\r\n\r\n").split()[1] in {"400", "413"}


@pytest.mark.parametrize("path", ["/", "/api/sessions", "/api/nothing", "/assets/none.js"])
def test_browsers_are_told_what_they_may(served: Served, path: str) -> None:
    headers = served[OPERATOR].get(path).headers
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert "form-action 'self'" in policy
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    if path.startswith("/api"):
        assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_the_cookie_is_for_this_servers_pages_alone(served: Served) -> None:
    browser = served.fresh()
    answer = browser.post("/api/enter", json={"token": served.token(VIEWER)})
    flags = answer.headers["set-cookie"].lower().split("; ")
    assert {"httponly", "samesite=strict", "path=/"} <= set(flags)
    assert not any(flag.startswith(("domain", "max-age", "expires")) for flag in flags)


def test_a_replayed_token_opens_nothing(served: Served) -> None:
    token = served.token(OPERATOR)
    assert served.fresh().post("/api/enter", json={"token": token}).status_code == 200
    answer = served.fresh().post("/api/enter", json={"token": token})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_participants_page_doesnt_take_the_operators_place(served: Served) -> None:
    browser = served.fresh()
    for role in (OPERATOR, PARTICIPANT):
        browser.post("/api/enter", json={"token": served.token(role)})
    assert browser.get("/api/desk").json()["role"] == OPERATOR
    as_participant = {"X-As": PARTICIPANT}
    assert browser.get("/api/desk", headers=as_participant).status_code == 403
    assert browser.get("/api/form", headers=as_participant).status_code == 200
    assert browser.post("/api/leave", headers=as_participant).status_code == 204
    assert browser.get("/api/desk").json()["role"] == OPERATOR
    assert browser.get("/api/form", headers=as_participant).status_code == 401


def test_a_viewer_isnt_made_an_operator_by_asking(served: Served) -> None:
    answer = served[VIEWER].post("/api/scan", headers={"X-As": OPERATOR})
    assert answer.status_code == 401


def test_who_left_loses_the_socket_and_the_cookie(served: Served) -> None:
    browser = served.fresh()
    browser.post("/api/enter", json={"token": served.token(VIEWER)})
    served.clients["leaving"] = browser
    with served.socket("leaving") as page:
        assert browser.post("/api/leave").status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            page.recv(30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_the_socket_only_tells(served: Served) -> None:
    with served.socket(VIEWER) as page:
        page.send("act")
        with pytest.raises(ConnectionClosed):
            page.recv(30)


def test_no_description_loads_scripts_from_elsewhere(served: Served) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert served[OPERATOR].get(path).status_code == 404
    assert served[OPERATOR].get("/api/openapi.json").json()["openapi"].startswith("3.")


@pytest.mark.parametrize(
    "path",
    ["/assets/", "/assets/..%2findex.html", "/assets/%2e%2e/app.py", "/static/index.html",
     "/assets/..\\app.py", "/assets/.hidden", "/..%2f..%2fapp.py", "/assets/app.py"],
)  # fmt: skip
def test_nothing_else_of_the_disk_is_a_page(served: Served, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {served.host}\r\nConnection: close\r\n\r\n"
    assert said(served, request).startswith("HTTP/1.1 404")


def test_another_kind_of_answer_is_still_a_problem(served: Served) -> None:
    answers = [
        served[OPERATOR].get("/api/none"),
        served[OPERATOR].put("/api/sessions"),
        served[OPERATOR].post("/api/codes/next", json={"site": "P", "more": 1}),
        served[OPERATOR].post("/api/codes/next", content=b"{", headers=JSON),
        served[OPERATOR].post("/api/codes/next", content=b"[" * 60_000, headers=JSON),
        served[OPERATOR].post("/api/codes/next", content=b'{"site": "\xff"}', headers=JSON),
        served[OPERATOR].post("/api/codes/next", content=b'{"\\ud800": "\\ud800"}', headers=JSON),
        served[OPERATOR].post("/api/codes/read", content=b'{"text": NaN}', headers=JSON),
    ]
    assert [a.status_code for a in answers] == [404, 405, 422, 422, 400, 400, 422, 422]
    for answer in answers:
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["error"].keys() >= {"name", "what", "expected", "got", "remedy"}


JSON = {"Content-Type": "application/json"}
