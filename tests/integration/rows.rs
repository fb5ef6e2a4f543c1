//! A store that fails: the node says so, and recovers when it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use clientele::persistence::rows::{Error, Keyed, Row, Rows, Write};

use crate::node::{TestNode, eventually};

/// Rows whose disk is full while a test says so.
#[derive(Default)]
struct Full {
    writes: AtomicBool,
    syncs: AtomicBool,
    refused: AtomicUsize,
}

struct Around {
    inner: Arc<dyn Rows>,
    full: Arc<Full>,
}

impl Around {
    fn ask(&self, is_full: &AtomicBool, action: &'static str) -> Result<(), Error> {
        if !is_full.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.full.refused.fetch_add(1, Ordering::SeqCst);
        Err(Error::Store {
            action,
            detail: "no space left on device".to_owned(),
        })
    }
}

impl Rows for Around {
    fn may_block(&self) -> bool {
        self.inner.may_block()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Row>, Error> {
        self.inner.get(key)
    }

    fn last_at_most(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Keyed>, Error> {
        self.inner.last_at_most(prefix, key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, max: usize) -> Result<Vec<Keyed>, Error> {
        self.inner.scan(prefix, after, max)
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        self.ask(&self.full.writes, "write")?;
        self.inner.write(writes)
    }

    fn sync(&self) -> Result<(), Error> {
        self.ask(&self.full.syncs, "sync")?;
        self.inner.sync()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_checkpoints_fail_is_not_ready_until_one_succeeds() {
    let full = Arc::new(Full::default());
    let shared = Arc::clone(&full);
    let around = move |inner: Arc<dyn Rows>| -> Arc<dyn Rows> {
        let full = Arc::clone(&shared);
        Arc::new(Around { inner, full })
    };
    let quick = |config: &mut clientele::config::Config| config.storage.checkpoint_every_ms = 100;
    let node = TestNode::start_around(quick, Some(Arc::new(around))).await;
    let ready = async |expected: u16| node.admin("/readyz").send().await.status == expected;
    assert!(ready(200).await);
    for (number, is_full) in [&full.writes, &full.syncs].into_iter().enumerate() {
        let refused = full.refused.load(Ordering::SeqCst);
        is_full.store(true, Ordering::SeqCst);
        // Taken all the same: the journal has it.
        let bought = node.purchase(node.contact(number), 20, "kept").send().await;
        assert_eq!(bought.status, 200, "{bought:?}");
        eventually("the node is not ready", async || ready(503).await).await;
        assert!(full.refused.load(Ordering::SeqCst) > refused);
        let told = node.admin("/readyz").send().await;
        let told = String::from_utf8(told.body.to_vec()).unwrap();
        assert!(
            told.contains("[-]rows failing: the last checkpoint failed"),
            "{told}"
        );
        assert!(told.contains("[+]journal ok"), "{told}");
        is_full.store(false, Ordering::SeqCst);
        eventually("the node is ready again", async || ready(200).await).await;
    }
    eventually("both purchases are listed", async || {
        let listed = node.get("/purchases").send().await;
        listed.json()["content"].as_array().unwrap().len() == 2
    })
    .await;
}
