//! Pages of other origins: a browser asks first, and believes only the headers.

use crate::kit::{House, config};
use im_gateway::Config;
use reqwest::{Client, Method, Response};

const WEB: &str = "https://web.example.com";
const EVIL: &str = "https://evil.example.com";

async fn house() -> House {
    let listed = Config {
        allowed_origins: vec![WEB.to_owned()],
        ..config()
    };
    House::with(listed, 1_000).await
}

/// What a browser asks before it does anything that a form could not.
async fn preflight(house: &House, origin: &str, verb: &str) -> Response {
    let request = Client::new()
        .request(Method::OPTIONS, format!("http://{}/v1/conversations", house.address))
        .header("origin", origin)
        .header("access-control-request-method", verb)
        .header("access-control-request-headers", "authorization,content-type");
    request.send().await.expect("an answer")
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

#[tokio::test]
async fn a_listed_page_may_do_what_rest_offers() {
    let house = house().await;
    for verb in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = preflight(&house, WEB, verb).await;
        assert!(answer.status().is_success(), "{verb}: {}", answer.status());
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(WEB));
        let verbs = header(&answer, "access-control-allow-methods").expect("verbs");
        assert!(verbs.split(',').any(|allowed| allowed.trim() == verb), "{verbs}");
        let headers = header(&answer, "access-control-allow-headers").expect("headers");
        for name in ["authorization", "content-type"] {
            assert!(headers.split(',').any(|allowed| allowed.trim() == name), "{headers}");
        }
        assert_eq!(header(&answer, "access-control-max-age"), Some("3600"));
    }
    house.close().await;
}

#[tokio::test]
async fn another_page_is_not_told_that_it_may() {
    let house = house().await;
    for origin in [
        EVIL,
        "null",
        "http://web.example.com",
        "https://web.example.com.evil.example.com",
    ] {
        let answer = preflight(&house, origin, "POST").await;
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "{origin}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_plain_answer_says_who_may_read_it_errors_too() {
    let house = house().await;
    let get = async |path: &str, origin: &str| {
        let url = format!("http://{}{path}", house.address);
        Client::new()
            .get(url)
            .header("origin", origin)
            .send()
            .await
            .expect("an answer")
    };
    for (path, status) in [("/health/live", 200), ("/v1/conversations", 503), ("/v1/nowhere", 404)] {
        let answer = get(path, WEB).await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(WEB), "{path}");
        assert_eq!(
            header(&answer, "access-control-expose-headers"),
            Some("retry-after"),
            "{path}"
        );
        assert!(
            header(&answer, "vary").is_some_and(|vary| vary.contains("origin")),
            "caches must keep origins apart"
        );
        assert_eq!(
            header(&get(path, EVIL).await, "access-control-allow-origin"),
            None,
            "{path}"
        );
    }
    house.close().await;
}

#[tokio::test]
async fn a_star_lets_everybody_in() {
    let open = Config {
        allowed_origins: vec!["*".to_owned()],
        ..config()
    };
    let house = House::with(open, 1_000).await;
    let answer = preflight(&house, EVIL, "POST").await;
    assert_eq!(header(&answer, "access-control-allow-origin"), Some(EVIL));
    house.close().await;
}
