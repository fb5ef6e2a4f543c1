//! `PUT` and `DELETE /contacts/{id}/image`, and `GET /images/{name}`

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use utoipa::ToSchema;

use super::own;
use super::wire::Changed;
use crate::actors::router::Timings;
use crate::domain::contact::{Image, ImageFormat, Profile};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{BodyHash, Conditions};
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::reached::Reached;
use crate::http::{Api, body, failure, reply};
use crate::limits::{BODY_BYTES_MAX, IMAGE_BYTES_MAX};

/// For how long a browser may show an image again without asking: an erased one is gone from pages as soon.
const SHOWN_FOR: &str = "private, max-age=60";

/// A page may show it, and it may do nothing.
const INERT: &str = "default-src 'none'; sandbox";

/// The form that an image comes in.
#[derive(ToSchema)]
#[schema(as = ImageForm)]
pub(super) struct Form {
    /// A PNG, a JPEG or a WebP of at most 240 KiB.
    #[schema(value_type = String, format = Binary)]
    image: Bytes,
}

fn unreadable() -> Problem {
    Problem::new(
        Code::UnsupportedMediaType,
        "send a form, multipart/form-data with a boundary, whose part image is the image",
    )
}

impl Form {
    async fn read(headers: &HeaderMap, body: Body) -> Result<Form, Problem> {
        let stated = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let boundary = multer::parse_boundary(stated.unwrap_or_default());
        let boundary = boundary.map_err(|_not_a_form| unreadable())?;
        let bytes = body::read(headers, body, BODY_BYTES_MAX).await?;
        let whole = stream::iter([Ok::<_, Infallible>(bytes)]);
        let mut form = multer::Multipart::new(whole, boundary);
        let broken =
            |_| failure::invalid_field("image", "broken_form", "must be a whole part of the form");
        let mut image = None;
        while let Some(part) = form.next_field().await.map_err(broken)? {
            if part.name() != Some("image") || image.is_some() {
                return Err(failure::invalid_field(
                    "image",
                    "one_part",
                    "must be the one part of the form",
                ));
            }
            image = Some(part.bytes().await.map_err(broken)?);
        }
        let image = image.ok_or_else(|| {
            failure::invalid_field("image", "required", "must be a part of the form")
        })?;
        Ok(Form { image })
    }
}

/// What the bytes are, whatever the form says.
fn sniffed(bytes: &[u8]) -> Option<ImageFormat> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(ImageFormat::Png)
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(ImageFormat::Jpeg)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(ImageFormat::Webp)
    } else {
        None
    }
}

/// How wide and high an image says that it is; nothing, where it says nothing that can be. It is not decoded.
fn size(bytes: &[u8]) -> Option<(u16, u16)> {
    let said = imagesize::blob_size(bytes).ok()?;
    let (width, height) = (said.width.try_into().ok()?, said.height.try_into().ok()?);
    (width > 0 && height > 0).then_some((width, height))
}

/// Where the image of a contact is shown.
pub(in crate::http::gateways) fn url(
    api: &Api,
    reached: &Reached,
    contact: &crate::domain::address::Address,
    image: &Image,
) -> String {
    let name = api.router.secrets().image_name(contact, image.number);
    reached.address(&format!("/self-service/v2/images/{name}"))
}

/// Set the contact's image, in place of the one before.
///
/// A PNG, a JPEG or a WebP of at most 240 KiB, which the bytes themselves say. `avatar_url` of the contact is where it is shown.
#[utoipa::path(
    put, path = "/contacts/{id}/image", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body(content = Form, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "Set", body = Changed),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 256 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "No form", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No image that is shown, or too large a one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn set(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let view = token.named(&api, &name).await?;
    let (parts, body) = request.into_parts();
    let form = Form::read(&parts.headers, body).await?;
    if form.image.len() > IMAGE_BYTES_MAX {
        let most = "must have at most 240 KiB";
        return Err(failure::invalid_field("image", "too_large", most));
    }
    let format = sniffed(&form.image).ok_or_else(|| {
        failure::invalid_field("image", "unknown_format", "must be a PNG, a JPEG or a WebP")
    })?;
    let contact = token.signed_in.contact;
    let hash = BodyHash::of_bytes(&form.image);
    let once = Once::of(&token, &headers, "contacts.image", Some(contact), &hash)?;
    let image = Image {
        // Of the request and the content: a retry keeps the same pieces, another image never the same places.
        number: Image::number_of(own::part_number(&api, &once), &form.image),
        format,
        bytes: u32::try_from(form.image.len()).unwrap_or(u32::MAX),
        size: size(&form.image),
        hash: Image::hash_of(&form.image),
    };
    let slot = view.profile.slot;
    let kept = api
        .router
        .keep_image(contact, slot, image.number, &form.image);
    kept.await.map_err(failure::of_path)?;
    replaced(&api, &token, &once, Some(image)).await?;
    let id = own::part_id(&api, &token, crate::domain::ids::Named::Media, image.number);
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &Changed { id }, timings))
}

/// Names the contact's image, and clears the pieces of the one before.
async fn replaced(
    api: &Api,
    token: &ContactToken,
    once: &Once,
    image: Option<Image>,
) -> Result<(), Problem> {
    let before = AtomicU32::new(0);
    let edit = |profile: &mut Profile| {
        let own = profile.own_mut();
        let was = std::mem::replace(&mut own.image, image);
        before.store(was.map_or(0, |was| was.number), Ordering::Relaxed);
        Ok(())
    };
    let contact = token.signed_in.contact;
    // What a crash leaves of the one before is found by it.
    let doubted = api.router.doubt_image(contact).await;
    doubted.map_err(failure::of_path)?;
    own::change(api, token, once, edit).await?;
    let before = before.into_inner();
    if before != 0 && image.is_none_or(|image| image.number != before) {
        api.router.clear_image(contact, before).await;
    }
    Ok(())
}

/// Remove the contact's image. Where there is none, nothing changes.
#[utoipa::path(
    delete, path = "/contacts/{id}/image", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Lets a retry get this answer again"),
    ),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn remove(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let contact = Some(token.signed_in.contact);
    let nothing = BodyHash::of_nothing();
    let once = Once::of(&token, &headers, "contacts.image.remove", contact, &nothing)?;
    replaced(&api, &token, &once, None).await?;
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::no_content(timings))
}

/// Get the image that a contact's `avatar_url` names.
///
/// The name is the credential: a page shows it without a token. It ends with the image and with the contact.
#[utoipa::path(
    get, path = "/images/{name}", tag = "Contact", security(()),
    params(("name" = String, Path, description = "The last part of an `avatar_url`")),
    responses(
        (status = 200, description = "The image", body = Vec<u8>, content_type = "image/*"),
        (status = 404, description = "No image of this name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn show(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let named = api.router.secrets().read_image_name(&name);
    let (contact, number) = named.ok_or_else(failure::not_found)?;
    let found = api.router.image(contact).await.map_err(failure::of_path)?;
    let (image, bytes) = found
        .filter(|(image, _)| image.number == number)
        .ok_or_else(failure::not_found)?;
    let mut response = Response::new(Body::from(bytes));
    let headers: [(HeaderName, &'static str); 4] = [
        (CONTENT_TYPE, media_type(image.format)),
        (CACHE_CONTROL, SHOWN_FOR),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, INERT),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// A format as HTTP names it.
pub(in crate::http::gateways) const fn media_type(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "image/png",
        ImageFormat::Jpeg => "image/jpeg",
        ImageFormat::Webp => "image/webp",
    }
}
