use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use forbear_batch::{Batch, Summary};
use serde_json::{Value, json};

/// A directory of this test's own, removed at its end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("forbear-batch-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The results, as JSON.
    pub(crate) fn results(&self, name: &str) -> Vec<Value> {
        self.read(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// `requests.jsonl` to `results.jsonl`, at `url`.
    pub(crate) fn batch(&self, url: &str) -> Batch {
        Batch::new(self.path("requests.jsonl"), self.path("results.jsonl")).base_url(url).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// So many requests to a model, each with a name of its own.
pub(crate) fn prompts(count: usize) -> String {
    let line = |number: usize| {
        // From 20 to 60 tokens of prompt.
        let prompt = "word ".repeat(16 + 7 * number % 32);
        let body = json!({
            "model": "m",
            "metadata": format!("job-{number}"),
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": 50 + number % 50,
        });
        let request = json!({"custom_id": format!("job-{number}"), "method": "POST", "url": "/v1/chat/completions", "body": body});
        format!("{request}\n")
    };
    (0..count).map(line).collect()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Runs a batch to its end.
pub(crate) fn run(batch: &Batch) -> Summary {
    block_on(batch.run()).unwrap()
}

/// A server that does as `answer` says with each connection, given the request's head.
pub(crate) fn serve(answer: impl Fn(&str, &mut std::net::TcpStream) + Send + 'static) -> String {
    use std::io::Read;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let (mut head, mut part) = (Vec::new(), [0; 4096]);
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut part) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => head.extend_from_slice(&part[..read]),
                }
            }
            if !head.is_empty() {
                answer(&String::from_utf8_lossy(&head), &mut stream);
            }
        }
    });
    url
}

/// Answers, and ends the connection.
pub(crate) fn reply(stream: &mut std::net::TcpStream, status: &str, fields: &str, body: &str) {
    use std::io::Write;
    let len = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {len}\r\n{fields}\r\n{body}"
    );
}
