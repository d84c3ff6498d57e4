//! The reference: the checked-in pages, as HTML under the names that they have, so that their links hold.

use super::shell;
use axum::{
    extract::Path,
    http::Uri,
    response::{Html, IntoResponse as _, Response},
};
use include_dir::{Dir, include_dir};

static PAGES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../openapi/reference");

/// `/docs/reference/{*path}`.
pub(super) async fn page(Path(path): Path<String>, uri: Uri) -> Response {
    let Some(text) = PAGES.get_file(&path).and_then(include_dir::File::contents_utf8) else {
        return im_schema::rest::fallback(uri).await.into_response();
    };
    let title = text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']);
    Html(shell::page(title, None, &shell::markdown(text))).into_response()
}
