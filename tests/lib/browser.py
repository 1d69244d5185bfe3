"""Headless Chromium through chromedriver's WebDriver protocol: JSON over HTTP, nothing to install besides the two."""
import base64
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request

from harness import FlowFailed, check, poll
from kafka import free_ports

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
STALE, CLICKS = "stale element reference", 5
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-extensions", "--disable-background-networking", "--window-size=1280,1600"]


class Browser:
    """One session; close() ends browser and driver."""

    def __init__(self, directory):
        check(shutil.which("chromedriver"), "chromedriver is not installed: run 'make deps'")
        port = free_ports(1)[0]
        profile = os.path.join(directory, "chromium")
        self.base = f"http://127.0.0.1:{port}"
        with open(os.path.join(directory, "chromedriver.log"), "wb") as log:
            self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=log)
        try:
            poll("chromedriver", lambda: self.call("GET", "/status")["ready"], 20)
            options = {"args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
            session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
            self.session = "/session/" + session["sessionId"]
        except BaseException:
            self.driver.kill()
            raise

    def call(self, method, path, body=None):
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise FlowFailed(f"{method} {path}: {error.read().decode(errors='replace')[:500]}") from None

    def open(self, url):
        self.call("POST", self.session + "/url", {"url": url})

    def run(self, script, *args):
        return self.call("POST", self.session + "/execute/sync", {"script": script, "args": list(args)})

    def find(self, css):
        value = self.call("POST", self.session + "/element", {"using": "css selector", "value": css})
        return value[ELEMENT]

    def click(self, css):
        """As a person would: the element must be there, it is scrolled to, and nothing may lie over it. One that the page draws
        anew meanwhile is looked for again, a few times."""
        for attempt in range(CLICKS):
            element = self.find(css)
            try:
                self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", {ELEMENT: element})
                self.call("POST", f"{self.session}/element/{element}/click")
                return
            except FlowFailed as error:
                if STALE not in str(error) or attempt + 1 == CLICKS:
                    raise

    def type(self, css, text):
        self.call("POST", f"{self.session}/element/{self.find(css)}/value", {"text": text})

    def set(self, css, text):
        self.call("POST", f"{self.session}/element/{self.find(css)}/clear")
        self.type(css, text)

    def choose(self, css, value):
        """An option of a <select>, by its value."""
        self.click(f'{css} option[value="{value}"]')

    def press(self, *keys):
        """Keys for whatever has the focus; WebDriver's code points for those without a letter."""
        downs = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", self.session + "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": downs}]})

    def cdp(self, command, **parameters):
        return self.call("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        """As a screen of that size; below 600 as a phone."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def screenshot(self, path):
        """The whole page, not only what is in sight."""
        width, height, whole = self.run("return [innerWidth, innerHeight, document.documentElement.scrollHeight]")
        self.size(width, max(height, whole))
        picture = self.cdp("Page.captureScreenshot", optimizeForSpeed=True)
        self.size(width, height)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(base64.b64decode(picture["data"]))

    def text(self, css):
        return self.call("GET", f"{self.session}/element/{self.find(css)}/text")

    def errors(self):
        """What the page complained about since the last call."""
        log = self.call("POST", self.session + "/se/log", {"type": "browser"})
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def close(self):
        try:
            self.call("DELETE", self.session)
        except (FlowFailed, OSError):
            pass
        self.driver.terminate()
        self.driver.wait(20)
