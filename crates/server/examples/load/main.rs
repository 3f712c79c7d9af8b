//! Measures the built binary under load: `load [seconds] [connections]`, 60 and 64 when left out.
//!
//! Many connections post events to one published workflow (webhook → filter → set fields) as fast as they are answered.
//! Afterwards every acknowledged event must have its finished run; otherwise this fails.

mod connection;
mod product;

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::connection::Connection;
use crate::product::Product;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let connections: usize = arguments.next().map_or(Ok(64), |text| text.parse())?;

    let product = Product::start()?;
    let path = product.ready_workflow(&definition())?;
    let idle_bytes = product.memory_bytes()?;
    let begin = Instant::now();
    let latencies = drive(&product, &path, connections, Duration::from_secs(seconds))?;
    let driven = begin.elapsed();
    let largest_bytes = product.memory_bytes()?;
    let finished = product.wait_until_done()?;
    let done = begin.elapsed();

    let acknowledged = latencies.len();
    let mut report = vec![
        ("start".to_owned(), format!("{} ms", product.start_took().as_millis())),
        ("memory, idle".to_owned(), mebibytes(idle_bytes)),
        ("memory, after the load".to_owned(), mebibytes(largest_bytes)),
        ("acknowledged".to_owned(), format!("{acknowledged}, {} a second", rate(acknowledged, driven))),
        ("runs finished".to_owned(), format!("{finished}, {} a second", rate(finished, done))),
    ];
    for (name, share) in [("p50", 500), ("p99", 990), ("p99.9", 999)] {
        let place = (acknowledged * share / 1000).min(acknowledged.saturating_sub(1));
        let latency = latencies.get(place).copied().unwrap_or_default();
        report.push((format!("latency {name}"), format!("{:.1} ms", latency.as_secs_f64() * 1000.0)));
    }
    let mut output = std::io::stdout().lock();
    for (name, value) in report {
        writeln!(output, "{name:<24}{value}")?;
    }
    if finished != acknowledged {
        return Err(format!("{acknowledged} events were acknowledged but {finished} runs have finished").into());
    }
    Ok(())
}

fn definition() -> Value {
    json!({
        "nodes": [
            { "id": "order", "type": "webhook", "params": {} },
            { "id": "large", "type": "filter", "params": {
                "when": { "all": [{ "left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": 100 }] } } },
            { "id": "fields", "type": "set_fields", "params": { "fields": {
                "reference": "{{ $.trigger.body.id }}", "label": "Order {{ $.trigger.body.id }}" } } }
        ],
        "edges": [{ "from": "order", "to": "large" }, { "from": "large", "to": "fields" }]
    })
}

/// Posts from every connection until the time is over; how long each acknowledged post took, in order of length.
fn drive(product: &Product, path: &str, connections: usize, time: Duration) -> Result<Vec<Duration>, Failure> {
    let end = Instant::now() + time;
    let results: Vec<Result<Vec<Duration>, Failure>> = std::thread::scope(|scope| {
        let senders: Vec<_> =
            (0..connections).map(|sender| scope.spawn(move || post_until(product, path, sender, end))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap_or_else(|_| Err("a sender panicked".into()))).collect()
    });
    let mut latencies = Vec::new();
    for result in results {
        latencies.extend(result?);
    }
    latencies.sort_unstable();
    Ok(latencies)
}

fn post_until(product: &Product, path: &str, sender: usize, end: Instant) -> Result<Vec<Duration>, Failure> {
    let mut connection = Connection::open(product.address())?;
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let number = latencies.len();
        // Some are too small for the filter.
        let amount = 90 + number % 100;
        let body = format!(
            "{{\"id\":\"{sender}-{number}\",\"amount\":{amount},\"customer\":{{\"name\":\"Jörg Weiß\",\"email\":\"joerg@example.com\"}}}}"
        );
        let begin = Instant::now();
        let status = connection.post(path, &body)?;
        if status != 202 {
            return Err(format!("an event was answered with {status}").into());
        }
        latencies.push(begin.elapsed());
    }
    Ok(latencies)
}

fn rate(count: usize, time: Duration) -> u128 {
    count as u128 * 1000 / time.as_millis().max(1)
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes / 1024 / 1024)
}
