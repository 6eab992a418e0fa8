//! Chromium behind its `DevTools` protocol, spoken over pipes.
//!
//! Over pipes and not over a socket: no port to find, and the browser ends when the
//! test does, however that ends.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// How long an answer may take, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page.
pub(super) struct Browser {
    child: Child,
    words: ChildStdin,
    answers: Receiver<Value>,
    calls: u64,
    session: Option<String>,
    events: Vec<Value>,
    profile: PathBuf,
}

impl Browser {
    /// Starts it; `None` where it is not installed, and a failure there if `CI` is set.
    pub(super) fn start() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser"];
        let programs =
            std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
        let Some(program) = programs.into_iter().find(|program| program.is_file()) else {
            assert!(std::env::var_os("CI").is_none(), "chromium is not installed");
            eprintln!("skipped: chromium is not installed");
            return None;
        };
        let profile = {
            use std::sync::atomic::{AtomicU32, Ordering};
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            std::env::temp_dir().join(format!("forbear-chromium-{}-{number}", std::process::id()))
        };
        // The protocol is spoken on the descriptors 3 and 4, which a shell can lay.
        // Without a sandbox: root may have none, and what is opened is our own file.
        let script = "exec \"$0\" --headless --no-sandbox --disable-gpu --hide-scrollbars \
                      --disable-dev-shm-usage --disable-background-networking \
                      --disable-component-update --no-first-run --remote-debugging-pipe \
                      \"--user-data-dir=$1\" about:blank 3<&0 4>&1 0</dev/null 1>/dev/null";
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(script)
            .arg(program)
            .arg(&profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let words = child.stdin.take().unwrap();
        let mut pipe = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while pipe.read_until(0, &mut message).is_ok_and(|length| length > 1) {
                message.pop();
                let message: Value = serde_json::from_slice(&std::mem::take(&mut message)).unwrap();
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (calls, session, events) = (0, None, Vec::new());
        let mut browser = Self { child, words, answers, calls, session, events, profile };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &target);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Calls a method of the protocol, and waits for its result.
    pub(super) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.words.write_all(format!("{message}\0").as_bytes()).unwrap();
        self.words.flush().unwrap();
        loop {
            let mut answer = self.next(method);
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    fn next(&self, awaited: &str) -> Value {
        self.answers.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {awaited}"))
    }

    /// What has happened of that kind since the page was opened.
    pub(super) fn events(&self, method: &str) -> Vec<Value> {
        let events = self.events.iter().filter(|event| event["method"] == method);
        events.map(|event| event["params"].clone()).collect()
    }

    /// Opens a page, and waits until it has loaded.
    pub(super) fn open(&mut self, address: &str) {
        self.events.clear();
        let opened = self.call("Page.navigate", &json!({ "url": address }));
        assert!(opened.get("errorText").is_none(), "{opened}");
        while self.events("Page.loadEventFired").is_empty() {
            let event = self.next("the load event");
            self.events.push(event);
        }
    }

    /// The value of an expression, or what a promise comes to.
    pub(super) fn evaluate(&mut self, expression: &str) -> Value {
        let params =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", &params);
        assert!(answer.get("exceptionDetails").is_none(), "{answer}");
        answer["result"]["value"].take()
    }

    /// Makes the window this wide; a small one is a phone's.
    pub(super) fn resize(&mut self, width: u32) {
        let params = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.call("Emulation.setDeviceMetricsOverride", &params);
    }

    /// Presses and releases a key.
    pub(super) fn press(&mut self, key: &str, code: u32) {
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let params = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text,
            });
            self.call("Input.dispatchKeyEvent", &params);
        }
    }

    /// The window as a PNG file in Base64.
    pub(super) fn screenshot(&mut self) -> String {
        let picture = self.call("Page.captureScreenshot", &json!({ "format": "png" }));
        picture["data"].as_str().unwrap().to_owned()
    }

    /// The mean brightness of a picture, 0 to 255, and how many colours it has.
    ///
    /// The browser itself decodes it, on a page without a policy against that.
    pub(super) fn brightness_and_colours(&mut self, picture: &str) -> (f64, u64) {
        self.open("about:blank");
        let found = self.evaluate(&format!(
            "(async () => {{
                const image = new Image();
                image.src = 'data:image/png;base64,{picture}';
                await image.decode();
                const canvas = document.createElement('canvas');
                [canvas.width, canvas.height] = [image.width, image.height];
                const context = canvas.getContext('2d');
                context.drawImage(image, 0, 0);
                const data = context.getImageData(0, 0, image.width, image.height).data;
                const colours = new Set();
                let sum = 0;
                for (let at = 0; at < data.length; at += 4) {{
                    sum += (data[at] + data[at + 1] + data[at + 2]) / 3;
                    colours.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
                }}
                return [sum / (data.length / 4), colours.size];
            }})()"
        ));
        (found[0].as_f64().unwrap(), found[1].as_u64().unwrap())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
