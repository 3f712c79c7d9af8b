//! Which numbers make sense.

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const GIB: i64 = 1024 * 1024 * 1024;

/// For every whole number: key, smallest and largest allowed value.
pub(super) const RANGES: &[(&str, i64, i64)] = &[
    ("http_threads", 0, 256),
    ("shutdown_wait_ms", 0, 10 * MINUTE_MS),
    ("ingress.max_body_bytes", 1024, GIB),
    ("ingress.max_decompressed_bytes", 1024, GIB),
    // serde_json reads back at most 128 levels, and an event is stored some levels down in a larger document.
    ("ingress.max_depth", 1, 100),
    ("ingress.max_values", 1, 10_000_000),
    ("ingress.max_files", 0, 1_000),
    ("ingress.max_file_bytes", 1, GIB),
    ("ingress.finished_wait_ms", 0, 5 * MINUTE_MS),
    ("ingress.queue_capacity", 1, 1_000_000),
    ("ingress.retry_after_s", 1, 86_400),
    ("ingress.receipts_per_minute", 1, 1_000_000),
    ("ingress.links_per_minute", 1, 1_000_000),
    ("engine.parallel_runs", 1, 10_000),
    ("engine.parallel_steps", 1, 1_000),
    ("engine.default_timeout_ms", 1, 90 * DAY_MS),
    ("engine.max_exchanges", 1, 10_000),
    ("engine.max_output_bytes", 1024, GIB),
    ("engine.script_limit_ms", 1, MINUTE_MS),
    ("engine.retry.attempts", 1, model::RetryPolicy::MAX_ATTEMPTS as i64),
    ("engine.retry.first_delay_ms", 0, 90 * DAY_MS),
    ("engine.retry.max_delay_ms", 0, 90 * DAY_MS),
    ("outgoing.max_redirects", 0, 50),
    ("outgoing.max_request_bytes", 1024, GIB),
    ("outgoing.max_response_bytes", 1024, GIB),
    ("outgoing.connect_timeout_ms", 1, 10 * MINUTE_MS),
    ("outgoing.exchange_excerpt_bytes", 0, 16 * 1024 * 1024),
    ("outgoing.idle_connection_ms", 0, 60 * MINUTE_MS),
    ("outgoing.idle_connections_per_host", 0, 1_000),
    ("storage.payload_inline_bytes", 0, 16 * 1024 * 1024),
    ("storage.writer_batch", 1, 10_000),
    ("storage.reader_connections", 1, 100),
    ("storage.event_memory_bytes", 0, GIB),
    ("history.keep_days", 0, 36_500),
    ("history.keep_runs", 0, i64::MAX),
    ("history.batch", 1, 100_000),
    ("history.interval_ms", 1_000, DAY_MS),
    ("api.max_body_bytes", 1024, GIB),
    ("api.max_sample_bytes", 1024, GIB),
    ("api.test_timeout_ms", 1_000, 10 * MINUTE_MS),
    ("auth.session_days", 1, 365),
    ("auth.sign_in_attempts_per_minute", 1, 10_000),
    ("auth.password_min_characters", 8, 200),
];
