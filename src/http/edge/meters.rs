//! Counts requests, without looking a metric up in the registry for each.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{Method, StatusCode};
use metrics::{Counter, Histogram};
use parking_lot::RwLock;

/// The route of what no route matched. Raw paths are no labels: they are unbounded, and hold ids.
pub(super) const UNMATCHED: &str = "unmatched";

/// The handles of all routes seen so far. Routes are known at build time, so the map stops growing early.
#[derive(Default)]
pub(super) struct Meters {
    routes: ArcSwap<HashMap<Box<str>, Arc<RouteMeter>>>,
}

struct RouteMeter {
    route: Box<str>,
    seconds: Histogram,
    /// By method and status; a handful a route, so a scan beats a hash.
    requests: RwLock<Vec<(&'static str, StatusCode, Counter)>>,
}

impl Meters {
    /// Counts one answered request.
    pub(super) fn record(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let known = self.routes.load();
        match known.get(route) {
            Some(meter) => meter.record(method, status, took),
            None => self.add(route).record(method, status, took),
        }
    }

    fn add(&self, route: &str) -> Arc<RouteMeter> {
        let meter = Arc::new(RouteMeter::new(route));
        self.routes.rcu(|routes| {
            let mut routes = HashMap::clone(routes);
            routes
                .entry(route.into())
                .or_insert_with(|| Arc::clone(&meter));
            routes
        });
        meter // if another task added it first, both stand for the same metric
    }
}

impl RouteMeter {
    fn new(route: &str) -> Self {
        metrics::describe_counter!("clientele_http_requests_total", "Answered requests");
        metrics::describe_histogram!(
            "clientele_http_request_seconds",
            metrics::Unit::Seconds,
            "From the request's head to the answer's head"
        );
        RouteMeter {
            route: route.into(),
            seconds: metrics::histogram!("clientele_http_request_seconds", "route" => route.to_owned()),
            requests: RwLock::new(Vec::new()),
        }
    }

    fn record(&self, method: &Method, status: StatusCode, took: Duration) {
        self.seconds.record(took.as_secs_f64());
        let method = label(method);
        let fits =
            |entry: &&(&'static str, StatusCode, Counter)| entry.0 == method && entry.1 == status;
        if let Some((_, _, counter)) = self.requests.read().iter().find(fits) {
            counter.increment(1);
            return;
        }
        let counter = metrics::counter!(
            "clientele_http_requests_total",
            "route" => self.route.to_string(), "method" => method, "status" => status.as_str().to_owned()
        );
        counter.increment(1);
        let mut requests = self.requests.write();
        if !requests.iter().any(|entry| fits(&entry)) {
            requests.push((method, status, counter));
        }
    }
}

/// A client may invent methods; a label may not grow with them.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
