//! A file of the operator's, one JSON object a line. It holds codes in clear: for development only.

use std::io::ErrorKind;
use std::path::Path;

use tokio::fs::{DirBuilder, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::{NotSent, Outgoing, json};
use crate::domain::address::TenantId;
use crate::limits::FILE_SINK_BYTES_MAX;
use crate::publishing::delivery::settings::FileSink;

pub(super) async fn write(
    sink: &Path,
    tenant: TenantId,
    file: &FileSink,
    message: &Outgoing,
) -> Result<(), NotSent> {
    // Each tenant has a directory of its own, so that none writes on another's file.
    let directory = sink.join(format!("tenant-{}", tenant.0));
    let mut made = DirBuilder::new();
    made.recursive(true).mode(0o700).create(&directory).await?;
    let path = directory.join(&file.file_name);
    let line = format!("{}\n", json(message));
    // The first line comes with the file: whoever waits for the file finds it there.
    if !tokio::fs::try_exists(&path).await? {
        let beside = directory.join(format!(".{}", uuid::Uuid::now_v7()));
        append(&beside, &line).await?;
        let linked = tokio::fs::hard_link(&beside, &path).await;
        tokio::fs::remove_file(&beside).await?;
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            linked => return Ok(linked?),
        }
    }
    append(&path, &line).await
}

async fn append(path: &Path, line: &str) -> Result<(), NotSent> {
    let mut opened = OpenOptions::new();
    opened.create(true).append(true).mode(0o600);
    let mut opened = opened.open(path).await?;
    if opened.metadata().await?.len() >= FILE_SINK_BYTES_MAX {
        return Err(NotSent::FileFull);
    }
    opened.write_all(line.as_bytes()).await?;
    opened.flush().await?;
    Ok(())
}
