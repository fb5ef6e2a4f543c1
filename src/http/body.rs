//! Reading a request's body in bounded time and space.
use std::error::Error as StdError;

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::http::problem::{Code, Problem};

/// The body took longer to arrive than the edge waits. The edge puts it into the body's stream.
#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
pub struct BodyTooSlow;

/// Reads the whole body, at most `bytes_max` bytes of it.
///
/// # Errors
/// 413 `body_too_large`, before anything is read where the length is stated; 408 `request_timeout` when it drips;
/// 400 `body_incomplete` when the peer stops early or breaks the framing. All of them end the connection.
pub async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let stated = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if stated.is_some_and(|length| length > bytes_max) {
        return Err(too_large(bytes_max));
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if caused_by::<LengthLimitError>(error.as_ref()) => Err(too_large(bytes_max)),
        Err(error) if caused_by::<BodyTooSlow>(error.as_ref()) => Err(Problem::new(
            Code::RequestTimeout,
            "the body did not arrive in time; send it again, faster",
        )),
        Err(_) => Err(Problem::new(
            Code::BodyIncomplete,
            "the body ended early or its chunks are malformed; send it again, whole",
        )),
    }
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("send at most {bytes_max} bytes"),
    )
}

/// Whether `error` or anything it stems from is an `E`.
fn caused_by<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<E>() {
            return true;
        }
        next = error.source();
    }
    false
}
