//! The load itself comes from `wrk`, which takes little of the processor that the measured side needs.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::Failure;

/// What one measurement came to. Latencies in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Driven {
    /// Answers that acknowledge.
    pub(crate) acknowledged: u64,
    /// Answers of any other kind, and connections that broke.
    pub(crate) failed: u64,
    pub(crate) seconds: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Driven {
    pub(crate) fn rate(&self) -> f64 {
        per_second(self.acknowledged, self.seconds)
    }
}

/// How many a second.
#[expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^52")]
pub(crate) fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

/// Sends a hundred different bodies in turn. Lua is what the tool reads.
const SCRIPT: &str = r#"
local requests = {}
local place = 0
function init()
  wrk.headers["Content-Type"] = "application/json"
  for number = 0, 99 do
    requests[number] = wrk.format("POST", nil, nil, (@BODY@))
  end
end
function request()
  place = (place + 1) % 100
  return requests[place]
end
function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("measured %d %d %d %d %f %f %f\n", summary.requests, errors.status, broken, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
"#;

/// An order of about 100 bytes; some are too small for the filter.
pub(crate) const ORDER: &str = r#"string.format('{"id":"order-%d","amount":%d,"customer":{"name":"Jörg Weiß","email":"joerg@example.com"}}', number, 90 + number)"#;

/// An order with a thousand items.
pub(crate) const LONG_ORDER: &str =
    r#"'{"id":"order-' .. number .. '","items":[' .. string.rep('{"price":7},', 999) .. '{"price":7}]}'"#;

/// Posts over and over for some seconds. `body` is a Lua expression of `number`.
pub(crate) fn drive(
    directory: &Path,
    address: SocketAddr,
    path: &str,
    body: &str,
    connections: u32,
    seconds: u64,
) -> Result<Driven, Failure> {
    let script = directory.join("load.lua");
    std::fs::write(&script, SCRIPT.replace("@BODY@", body))?;
    let output = Command::new("wrk")
        .args(["--threads", "1", "--timeout", "30s"])
        .args(["--connections", &connections.to_string(), "--duration", &format!("{seconds}s")])
        .arg("--script")
        .arg(&script)
        .arg(format!("http://{address}{path}"))
        .output()
        .map_err(|error| format!("wrk cannot be started ({error}); install it"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("measured "));
    let line = line.ok_or_else(|| format!("wrk failed: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
    let numbers: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [answers, refused, broken, micros, p50, p95, p99] = numbers[..] else {
        return Err("wrk says too little".into());
    };
    Ok(Driven {
        acknowledged: whole(answers - refused),
        failed: whole(refused + broken),
        seconds: micros / 1e6,
        p50_ms: p50 / 1e3,
        p95_ms: p95 / 1e3,
        p99_ms: p99 / 1e3,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count that wrk printed as such")]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}
