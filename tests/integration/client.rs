//! A client that talks to a node over HTTP.

use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::conformance::record::Recorder;
use crate::node::PATIENCE;

/// A request to be sent, once or often.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) client: Client<HttpConnector, Full<Bytes>>,
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Who holds its answer against the contract.
    pub(crate) recorder: Option<Arc<Recorder>>,
}

impl Ask {
    /// Without anybody watching.
    pub(crate) fn unrecorded(mut self) -> Ask {
        self.recorder = None;
        self
    }

    /// With this header instead of any other of its name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Ask {
        let name = HeaderName::from_str(name).unwrap();
        self.headers
            .insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// Without this header.
    pub(crate) fn without(mut self, name: &str) -> Ask {
        self.headers.remove(name);
        self
    }

    /// With this body.
    pub(crate) fn body(mut self, body: &Value) -> Ask {
        self.body = Bytes::from(body.to_string());
        self
    }

    /// Sends it and waits for the answer.
    pub(crate) async fn send(self) -> Answer {
        self.begin().answer().await
    }

    /// Sends it without waiting.
    pub(crate) fn begin(self) -> Pending {
        let mut task = JoinSet::new();
        task.spawn(self.exchange());
        Pending { task, answer: None }
    }

    async fn exchange(mut self) -> Answer {
        let recorder = self.recorder.take();
        let watched = recorder.map(|recorder| (recorder, self.clone()));
        let answer = self.answered().await;
        if let Some((recorder, ask)) = watched {
            recorder.saw(ask, &answer).await;
        }
        answer
    }

    async fn answered(self) -> Answer {
        let mut request = http::Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.url.parse().unwrap();
        *request.headers_mut() = self.headers;
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
}

/// A request under way.
pub(crate) struct Pending {
    task: JoinSet<Answer>,
    answer: Option<Answer>,
}

impl Pending {
    /// Whether the answer is there.
    pub(crate) fn is_answered(&mut self) -> bool {
        if let Some(ended) = self.task.try_join_next() {
            self.answer = Some(ended.unwrap());
        }
        self.answer.is_some()
    }

    /// Waits for the answer.
    pub(crate) async fn answer(mut self) -> Answer {
        match self.answer.take() {
            Some(answer) => answer,
            None => tokio::time::timeout(PATIENCE, self.task.join_next())
                .await
                .expect("an answer in time")
                .unwrap()
                .unwrap(),
        }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body, which is JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The status and the code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        // What is no problem has none, and may be no JSON either.
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        (self.status, code)
    }

    /// A text of the body.
    pub(crate) fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap().to_owned()
    }

    /// An amount of the body.
    pub(crate) fn amount(&self, member: &str) -> Decimal {
        Decimal::from_str(&self.json()[member].to_string()).unwrap()
    }
}
