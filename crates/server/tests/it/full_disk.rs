//! A disk that takes no more.

use serde_json::json;

use crate::outside::product::Product;

#[test]
#[cfg(target_os = "linux")]
fn on_a_full_disk_nothing_is_acknowledged_that_is_not_stored_and_it_recovers_by_itself() {
    let mut product = Product::start(&[]);
    let definition = json!({
        "nodes": [{"id": "order", "type": "webhook"}, {"id": "keep", "type": "set_fields", "params": {"fields": {"a": 1}}}],
        "edges": [{"from": "order", "to": "keep"}],
    });
    let flow = product.ready("Fill the disk", &definition);
    product.stop();
    product.start_again_deaf_to_file_limits();
    product.limit_files(Some(1_536));
    let (mut acknowledged, mut refused) = (Vec::new(), 0);
    for number in 0..400 {
        let answer = product.post(&flow.path, &json!({"number": number, "pad": "x".repeat(9_000)}));
        match answer.status {
            202 => acknowledged.push(answer.json()["run"].clone()),
            503 => {
                assert!(!answer.header("retry-after").is_empty());
                refused += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert!(refused > 0 && !acknowledged.is_empty(), "{refused} refused, {} acknowledged", acknowledged.len());
    product.limit_files(None);
    let after = crate::outside::eventually("it takes events again", || {
        let answer = product.post(&flow.path, &json!({"number": "after"}));
        (answer.status == 202).then(|| answer.json()["run"].clone())
    });
    acknowledged.push(after);
    // What was said yes to is still there for a new process, which reads it from the disk.
    for run in &acknowledged {
        assert_eq!(product.finished(run)["status"], "succeeded");
    }
    product.kill();
    product.start_again();
    for run in &acknowledged {
        assert_eq!(product.finished(run)["status"], "succeeded");
    }
}
