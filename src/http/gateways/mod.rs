//! The gateways: one a family of callers, each with its document and reference page.

pub mod backoffice;
pub mod errors;
mod once;
mod reference;
mod schemes;
pub mod self_service;
pub mod well_known;

use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::http::Api;

/// Adds operations under `prefix`. Not by nesting: axum then rewrites the address of each request, and calls two more services.
fn under(
    prefix: &str,
    operations: impl IntoIterator<Item = UtoipaMethodRouter<Api>>,
    gateway: OpenApiRouter<Api>,
) -> OpenApiRouter<Api> {
    operations
        .into_iter()
        .fold(gateway, |gateway, (schemas, mut paths, methods)| {
            let described = std::mem::take(&mut paths.paths).into_iter();
            paths.paths = described
                .map(|(path, operation)| (format!("{prefix}{path}"), operation))
                .collect();
            gateway.routes((schemas, paths, methods))
        })
}
