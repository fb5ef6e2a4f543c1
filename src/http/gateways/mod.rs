//! The gateways: one a family of callers, each with its document and reference page.

mod applications;
pub mod backoffice;
mod custom_fields;
mod demographics;
pub mod errors;
mod export;
mod once;
mod reference;
mod schemes;
pub mod self_service;
pub mod well_known;

use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, HeaderBuilder, OpenApi, Ref};
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

/// Describes what every operation may answer besides its own: that its caller has asked for too much.
fn answers_of_all(document: &mut OpenApi) {
    let header = |description: &str| {
        let header = HeaderBuilder::new().description(Some(description));
        header.build()
    };
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody")));
    let too_many = ResponseBuilder::new()
        .description("The key, address or account is over its rate; nothing happened")
        .content("application/problem+json", problem.build())
        .header(
            "Retry-After",
            header("In so many seconds there is room again"),
        )
        .header(
            "RateLimit",
            header("What is left of each rate (r), and in how many seconds there is more (t)"),
        )
        .header(
            "RateLimit-Policy",
            header("Each rate: how many (q) in how many seconds (w)"),
        )
        .build();
    let operations = document.paths.paths.values_mut().flat_map(|path| {
        let methods = [
            &mut path.get,
            &mut path.put,
            &mut path.post,
            &mut path.patch,
            &mut path.delete,
        ];
        methods.into_iter().flatten()
    });
    for operation in operations {
        let Operation { responses, .. } = operation;
        let known = responses.responses.entry("429".to_owned());
        known.or_insert_with(|| too_many.clone().into());
    }
}
