//! The real program, started for one test and ended with it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const SECRET: &str = "a secret of thirty-two bytes, or more";

/// How long a test waits for what must come: far longer than it takes, so that only a stuck relay fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A relay that runs.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<Value>>>,
}

impl Program {
    /// An open relay over the data in this folder.
    pub(crate) async fn open(data: &Path) -> Self {
        Self::start(data, &[]).await
    }

    /// A relay that asks for tokens.
    pub(crate) async fn guarded(data: &Path, flags: &[&str]) -> Self {
        Self::start(data, &[&["--jwt-secret", SECRET], flags].concat()).await
    }

    /// A relay with these flags besides.
    pub(crate) async fn start(data: &Path, flags: &[&str]) -> Self {
        let mut child = command(data, flags).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (log, kept) = (Arc::new(Mutex::new(Vec::new())), tokio::sync::oneshot::channel());
        let (mut listening, address) = (Some(kept.0), kept.1);
        let writer = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "message": line }));
                if line["message"] == "listening"
                    && let Some(listening) = listening.take()
                {
                    let _ = listening.send(line["address"].as_str().unwrap().parse().unwrap());
                }
                writer.lock().unwrap().push(line);
            }
        });
        let address = tokio::time::timeout(PATIENCE, address).await;
        let address = address.unwrap().unwrap_or_else(|_| panic!("not started: {:?}", log.lock().unwrap()));
        Self { child, address, log }
    }

    /// What the relay has logged so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.log.lock().unwrap().clone()
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it without warning; it is gone when it has [`ended`](Self::ended).
    pub(crate) fn kill_at_once(&mut self) {
        self.child.kill().unwrap();
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the relay does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Status and answer to a plain request.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        self.request(path, "Connection: close\r\n").await
    }

    /// Status and answer to a request to upgrade, which is expected to be refused.
    pub(crate) async fn upgrade(&self, path: &str, headers: &str) -> (u16, String) {
        self.request(path, &format!("Connection: upgrade, close\r\n{headers}")).await
    }

    async fn request(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: relay\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, without anything said to it.
pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_eyot-relay"))
}

/// The program with its data in this folder, at a port that the system chooses, its log as JSON.
pub(crate) fn command(data: &Path, flags: &[&str]) -> Command {
    let mut command = program();
    command.args(["serve", "--log-format", "json", "--data"]).arg(data);
    if !flags.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.args(flags).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A token that says this, besides who it is for.
pub(crate) fn token(eyot: Value, more: Value) -> String {
    signed(SECRET, eyot, more)
}

pub(crate) fn signed(secret: &str, eyot: Value, more: Value) -> String {
    use jsonwebtoken::{EncodingKey, Header, encode};
    let mut claims = json!({ "sub": "someone", "exp": in_seconds(3600), "eyot": eyot });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// So many seconds from now, as tokens say it.
pub(crate) fn in_seconds(seconds: i64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + seconds
}
