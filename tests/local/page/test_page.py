"""The page at / in headless Chromium, by keyboard: what a reader sees, and what is requested."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qiskit_rest_primitives.local import LocalService, User
from tests.local.conftest import ALICE, BELL, Api, HeldExecutor
from tests.local.page.browser import Browser
from tests.tokens import secret

pytestmark = pytest.mark.slow

ADMIN = User("<script>eve()</script>", secret("eve"), admin=True)
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
ESCAPE = "\x1b[31mred\u202e"
SIGNED_OUT = "!document.getElementById('sign-in').hidden"
FOCUSED = "document.activeElement"


@pytest.fixture
def service() -> Iterator[LocalService]:
    """A service with two users."""
    with LocalService(users=[ALICE, ADMIN]) as service:
        yield service


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A browser whose page broke no rule and called nobody else when the test has ended."""
    with Browser(tmp_path / "profile") as browser:
        yield browser
        origins = {"/".join(request["url"].split("/")[:3]) for request in browser.requests}
        assert len(origins - {"data:,"}) <= 1, origins
        assert browser.complaints == []


def api_of(service: LocalService, user: User) -> Iterator[Api]:
    """Calls of a user."""
    api = Api(service, user)
    yield api
    api.session.close()


@pytest.fixture
def alice(service: LocalService) -> Iterator[Api]:
    """Alice's calls."""
    yield from api_of(service, ALICE)


@pytest.fixture
def eve(service: LocalService) -> Iterator[Api]:
    """Calls of a user with a hostile name."""
    yield from api_of(service, ADMIN)


def sign_in(browser: Browser, service: LocalService, user: User) -> None:
    """Types the token and presses the return key."""
    browser.open(f"{service.base_url}/")
    browser.wait(f"document.readyState === 'complete' && {SIGNED_OUT}")
    browser.type(user.token)
    browser.press("Enter")
    browser.wait("document.querySelector('#view h1')")


def go(browser: Browser, place: str, until: str) -> None:
    """Changes the view."""
    browser.evaluate(f"location.hash = {place!r}")
    browser.wait(until)


def tab_to(browser: Browser, condition: str) -> None:
    """Presses the tab key until the focus is where it should be; every stop is visible."""
    for _ in range(40):
        browser.press("Tab")
        style = f"getComputedStyle({FOCUSED}).outlineStyle"
        on_page = f"{FOCUSED} !== document.body"
        assert browser.evaluate(f"!({on_page}) || {style} !== 'none'"), browser.text()
        if browser.evaluate(f"Boolean({condition})"):
            return
    raise AssertionError(f"the tab key never reached {condition}")


def test_a_wrong_token_is_refused_and_a_right_one_stays_out_of_urls(
    service: LocalService, browser: Browser
) -> None:
    """It is in the header Authorization and in this tab alone; signing out forgets it."""
    browser.open(f"{service.base_url}/")
    browser.wait(f"document.readyState === 'complete' && {SIGNED_OUT}")
    assert browser.evaluate(f"{FOCUSED}.id") == "token"
    browser.type("no-such-token-at-all")
    browser.press("Enter")
    browser.wait("document.getElementById('sign-in-problem').textContent")
    assert "does not know this token" in browser.text()
    browser.complaints.clear()  # Chromium logs the 401
    browser.type(ALICE.token)
    browser.press("Enter")
    browser.wait("document.querySelector('#view table')")
    assert "You have no jobs yet." in browser.text()
    assert not [request for request in browser.requests if ALICE.token in request["url"]]
    sent = [request for request in browser.requests if "/page/jobs?" in request["url"]]
    assert sent[0]["headers"]["Authorization"] == f"Bearer {ALICE.token}"
    assert browser.evaluate("document.cookie + JSON.stringify(localStorage)") == "{}"
    tab_to(browser, f"{FOCUSED}.id === 'sign-out'")
    browser.press("Enter")
    browser.wait(SIGNED_OUT)
    assert browser.evaluate("JSON.stringify(sessionStorage)") == "{}"
    assert browser.evaluate("document.getElementById('token').value") == ""


def test_jobs_and_one_of_them_by_keyboard(
    service: LocalService, browser: Browser, alice: Api
) -> None:
    """State and duration in the list; circuit, histogram, options and log of the job."""
    params = {"pubs": [[BELL, None, 10], [BELL]], "version": 2, "options": {"default_shots": 77}}
    job_id = alice.run(tags=["teleport"], params=params)
    sign_in(browser, service, ALICE)
    browser.wait("document.querySelector('#view tbody tr')")
    row = browser.evaluate("document.querySelector('#view tbody tr').innerText")
    assert [job_id, "Completed", "statevector", "sampler", "teleport"] == [
        cell.strip("● ") for cell in row.split("\t")[:5]
    ]
    assert row.endswith(" s")
    tab_to(browser, f"{FOCUSED}.id === 'job-{job_id}'")
    browser.press("Enter")
    browser.wait("document.querySelector('#view .log')")
    text = browser.text()
    assert "┤ H ├──■──┤M├" in text
    assert '"default_shots": 77' in text
    assert "c: most frequent outcomes" in text
    assert "all tasks done" in text
    assert "PUB 1: c (2 bits), 77 shots" in text
    assert browser.evaluate("document.querySelectorAll('.qrp svg rect').length") >= 1
    assert browser.evaluate("document.title").startswith(f"Job {job_id}")


def test_nothing_hostile_runs(
    service: LocalService, browser: Browser, alice: Api, eve: Api
) -> None:
    """Tags, circuits, names and logs are text, and their control characters are visible."""
    register = BELL.replace("creg c[2]", "creg script[2]").replace("c[", "script[")
    bad = f'OPENQASM 3; // {HOSTILE}{ESCAPE}\n include "{HOSTILE}";'
    tagged = eve.run(tags=[HOSTILE, ESCAPE], params={"pubs": [[register]], "version": 2})
    failed = eve.run(params={"pubs": [[bad, None, 10]], "version": 2})
    sign_in(browser, service, ADMIN)
    browser.wait("document.querySelectorAll('#view tbody tr').length === 2")
    assert HOSTILE in browser.text()
    assert "\\u{1b}[31mred\\u{202e}" in browser.text()
    assert "<script>eve()</script>" in browser.text()
    for job_id in (tagged, failed):
        go(browser, f"#jobs/{job_id}", f"document.title.startsWith('Job {job_id}')")
        browser.wait("document.querySelector('#view .log')")
    browser.evaluate("document.querySelector('#view summary').click()")
    assert HOSTILE in browser.text()
    go(browser, f"#jobs/{HOSTILE}", "document.querySelector('#view .warn')")
    assert HOSTILE in browser.text()
    browser.complaints.clear()  # Chromium logs the 404
    assert browser.evaluate("document.querySelectorAll('main img, main script').length") == 0
    assert "owned" not in browser.evaluate("document.title").replace(HOSTILE, "")


def test_a_job_is_cancelled_by_keyboard_and_the_change_is_announced(
    browser: Browser,
) -> None:
    """After a question, whose first answer is to keep it."""
    executor = HeldExecutor()
    with LocalService(users=[ALICE, ADMIN], executor=executor) as service:
        api = Api(service, ALICE)
        job_id = api.submit()
        api.wait(job_id, "Running")
        sign_in(browser, service, ALICE)
        go(browser, "#queue", "document.querySelector('#view tbody tr')")
        assert "1 jobs of all users wait or run" in browser.text()
        go(browser, f"#jobs/{job_id}", "!document.getElementById('cancel').hidden")
        tab_to(browser, f"{FOCUSED}.id === 'cancel'")
        browser.press("Enter")
        browser.wait(f"{FOCUSED}.id === 'ask-no'")
        browser.press("Escape")
        browser.wait(f"{FOCUSED}.id === 'cancel'")
        browser.press("Enter")
        browser.press("Tab")
        assert browser.evaluate(f"{FOCUSED}.id") == "ask-yes"
        browser.press("Enter")
        browser.wait("document.getElementById('notice').textContent.endsWith('Cancelled')")
        assert "cancelled by its owner" in browser.text() or "was cancelled" in browser.text()
        assert browser.evaluate("document.getElementById('notice').ariaLive") == "polite"
        executor.release()
        api.session.close()


def test_backends_with_their_error_maps(service: LocalService, browser: Browser) -> None:
    """The list has errors, the map has a circle for each qubit, styled by the page's own file."""
    sign_in(browser, service, ALICE)
    go(browser, "#backends", "document.querySelectorAll('#view tbody tr').length > 5")
    assert "fake_27q" in browser.text()
    go(browser, "#backends/fake_27q", "document.querySelector('#view svg')")
    assert browser.evaluate("document.querySelectorAll('#view svg circle').length") == 27
    size = "getComputedStyle(document.querySelector('#view svg text.qubit')).fontSize"
    assert browser.evaluate(size) == "8px"


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_a_phone(
    service: LocalService, tmp_path: Path, alice: Api, dark: bool
) -> None:
    """390 pixels are enough: nothing is wider; colours follow the system."""
    job_id = alice.run(tags=["a" * 80])
    with Browser(tmp_path / "profile", width=390, dark=dark) as browser:
        sign_in(browser, service, ALICE)
        for place, until in (
            ("#jobs", "document.querySelector('#view tbody tr')"),
            (f"#jobs/{job_id}", "document.querySelector('#view .log')"),
            ("#queue", "document.querySelector('#view table')"),
            ("#backends", "document.querySelectorAll('#view tbody tr').length > 5"),
            ("#backends/fake_156q", "document.querySelector('#view svg')"),
        ):
            go(browser, place, until)
            assert browser.evaluate("document.documentElement.scrollWidth") <= 390, place
        background = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") is not dark
        browser.screenshot(tmp_path / "phone.png")
        assert (tmp_path / "phone.png").read_bytes().startswith(b"\x89PNG")
