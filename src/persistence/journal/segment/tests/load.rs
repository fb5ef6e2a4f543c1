//! Many callers at once.

use tokio::task::JoinSet;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_many_tasks_had_acknowledged_is_replayed_in_order() {
    let disk = Disk::new();
    let journal = Arc::new(disk.start());
    let mut shards = Vec::new();
    for shard in 0..16 {
        let appender = Appender::claim(&*journal, shard).await;
        shards.push(Arc::new(Mutex::new(appender)));
    }
    let listener = Listener::new();
    let mut tasks = JoinSet::new();
    for task in 0..64_usize {
        let journal = Arc::clone(&journal);
        let shard = Arc::clone(&shards[task % 16]);
        let listener = listener.clone();
        tasks.spawn(async move {
            for number in 0..50_u64 {
                let alone = Listener::new();
                {
                    // The one appender of the shard: numbers and hands over under its lock.
                    let mut appender = shard.lock();
                    let record = appender.next(200);
                    let Body::Effect { seq, .. } = record.body else {
                        return;
                    };
                    let label = (u64::from(record.shard.0) << 32) | seq.0;
                    if number % 2 == 0 {
                        journal.append(record, alone.of(label));
                    } else {
                        journal.append(record, listener.of(label));
                        continue;
                    }
                }
                let told = alone.wait(1).await;
                listener.of(told[0].0).resolve(told[0].1);
            }
        });
    }
    tasks.join_all().await;
    let mut told = listener.wait(64 * 50).await;
    told.sort_by_key(|(label, _)| *label);
    let stats = journal.stats();
    assert!(
        stats.batches < stats.records,
        "syncs were shared: {stats:?}"
    );
    drop(journal);
    let journal = disk.start();
    let mut next = [Seq::FIRST.0; 16];
    let mut found = Vec::new();
    for (position, record) in effects(&journal) {
        let Body::Effect { seq, .. } = record.body else {
            continue;
        };
        let expected = &mut next[usize::from(record.shard.0)];
        assert_eq!(seq.0, *expected, "shard {} is out of order", record.shard);
        *expected += 1;
        let label = (u64::from(record.shard.0) << 32) | seq.0;
        found.push((label, Appended::Durable(position)));
    }
    found.sort_by_key(|(label, _)| *label);
    assert_eq!(found, told);
}
