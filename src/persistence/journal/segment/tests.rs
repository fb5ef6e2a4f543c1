//! A smoke test.
use super::*;

#[tokio::test]
async fn what_is_acknowledged_is_replayed_after_a_restart() {
    use crate::persistence::journal::{Appended, Body, Completion};
    use clientele_cluster::Seq;
    struct Tell(Mutex<Option<oneshot::Sender<Appended>>>);
    impl Completion for Tell {
        fn resolve(&self, appended: Appended) {
            let sender = self.0.lock().take().unwrap();
            sender.send(appended).unwrap();
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let options = || Options {
        segment_bytes: 64 * 1024,
        ..Options::default()
    };
    let journal = SegmentJournal::open(directory.path(), options()).unwrap();
    let claimed = journal.claim(ShardId(3), NodeId(9)).await.unwrap();
    let mut written = Vec::new();
    for number in 0..200 {
        let record = Record {
            shard: ShardId(3),
            epoch: claimed.epoch,
            body: Body::Effect {
                seq: Seq(claimed.next_seq.0 + number),
                payload: bytes::Bytes::from(vec![7; 1000]),
            },
        };
        let (tell, told) = oneshot::channel();
        journal.append(record.clone(), Arc::new(Tell(Mutex::new(Some(tell)))));
        let Appended::Durable(position) = told.await.unwrap() else {
            panic!("unknown");
        };
        written.push((position, record));
    }
    drop(journal);
    for _ in 0..2 {
        let journal = SegmentJournal::open(directory.path(), options()).unwrap();
        let mut read = Vec::new();
        journal
            .replay(claimed.position, &mut |position, record| {
                read.push((position, record));
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(read, written);
        journal.close().await.unwrap();
    }
}
