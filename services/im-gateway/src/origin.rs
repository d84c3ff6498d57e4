//! Which web pages may use this gateway.

use crate::error::BuildError;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use im_schema::{failure::Failure, parlance::Reason};

/// The allowed origins. A request without an origin comes from a program, not from a page, and is not judged.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    any: bool,
    listed: Vec<HeaderValue>,
}

impl Origins {
    /// Allows the listed ones and the gateway's own.
    pub(crate) fn new(listed: &[String]) -> Result<Self, BuildError> {
        let any = listed.iter().any(|origin| origin == "*");
        let origins = listed.iter().filter(|origin| *origin != "*").map(|origin| {
            let known = origin.parse::<Uri>().is_ok_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https"))
                    && uri.authority().is_some()
                    && !origin.ends_with('/')
            });
            let value = HeaderValue::from_str(origin).ok().filter(|_| known);
            value.ok_or_else(|| BuildError::Origin { origin: origin.clone() })
        });
        Ok(Self {
            any,
            listed: origins.collect::<Result<_, _>>()?,
        })
    }

    /// # Errors
    /// `ORIGIN_NOT_ALLOWED`.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Ok(());
        };
        if self.allows(origin) || own(origin, headers.get(header::HOST)) {
            return Ok(());
        }
        Err(Failure::new(Reason::OriginNotAllowed, ""))
    }

    /// Whether pages of another origin may call.
    pub(crate) fn allows(&self, origin: &HeaderValue) -> bool {
        self.any || self.listed.contains(origin)
    }
}

/// Whether the page was served by this very host.
fn own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let page = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let host = host.and_then(|host| host.to_str().ok());
    matches!((page, host), (Some((_, page)), Some(host)) if page.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(listed: &[&str], origin: Option<&'static str>) -> bool {
        let listed: Vec<String> = listed.iter().map(|origin| (*origin).to_owned()).collect();
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("chat.example.com:7400"))]);
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        Origins::new(&listed).unwrap().check(&headers).is_ok()
    }

    #[test]
    fn pages_of_other_origins_have_to_be_listed() {
        assert!(verdict(&[], None));
        assert!(verdict(&[], Some("http://chat.example.com:7400")));
        assert!(!verdict(&[], Some("https://evil.example.com")));
        assert!(!verdict(&[], Some("null")));
        assert!(verdict(&["https://web.example.com"], Some("https://web.example.com")));
        assert!(!verdict(&["https://web.example.com"], Some("http://web.example.com")));
        assert!(verdict(&["*"], Some("null")));
    }

    #[test]
    fn what_is_no_origin_is_refused_at_the_start() {
        for origin in [
            "web.example.com",
            "ftp://web.example.com",
            "https://web.example.com/",
            "",
        ] {
            assert!(Origins::new(&[origin.to_owned()]).is_err(), "{origin}");
        }
    }
}
