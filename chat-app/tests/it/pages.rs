//! The pages, over real HTTP.

use bytes::Bytes;
use chat_app::Options;
use chat_app::limits::Limits;
use chat_app::names::Room;
use chat_app::store::{MAX_ROOMS, Store};
use engine_io::Transports;

use crate::common::{exchange, get, memory, post, quick, serve};

async fn start() -> (Store, u16) {
    let store = memory();
    let port = serve(&store, quick()).await;
    (store, port)
}

#[tokio::test]
async fn a_room_is_added_listed_and_opened() {
    let (_store, port) = start().await;
    let added = post(port, "/rooms", "", "name=Caf%C3%A9+%26+Bar").await;
    assert_eq!(
        (added.status, added.header("location")),
        (303, Some("/room/caf%C3%A9-bar"))
    );

    let index = get(port, "/", "").await;
    assert_eq!(index.status, 200);
    assert!(
        index.body.contains(
            r#"<a href="/room/caf%C3%A9-bar"><bdi class="name">Café &amp; Bar</bdi></a>"#
        ),
        "{}",
        index.body
    );

    for address in ["/room/caf%C3%A9%2Dbar", "/room/caf%C3%A9-bar"] {
        let room = get(port, address, "").await;
        assert_eq!(room.status, 200);
        assert!(
            room.body.contains("Café &amp; Bar") && room.body.contains("\"café-bar\""),
            "{}",
            room.body
        );
    }
}

#[tokio::test]
async fn names_stay_text() {
    let (store, port) = start().await;
    let hostile = r#"<img src=x onerror=alert(1)> "' {{slug}}"#;
    store
        .open_room(Room::named(hostile).unwrap(), None)
        .await
        .unwrap();
    let escaped = "&lt;img src=x onerror=alert(1)&gt; &quot;&#39; {{slug}}";
    let slug = "/room/img-src-x-onerror-alert-1-slug";
    for (path, status) in [("/", 200), (slug, 200)] {
        let page = get(port, path, "").await;
        assert_eq!(page.status, status);
        assert!(
            page.body.contains(escaped) && !page.body.contains("<img src=x"),
            "{}",
            page.body
        );
    }
    // The page shows a refused name again for the user to correct: as text, too.
    let again = post(port, "/rooms", "", "name=%22%3E%3Cscript%3E%00").await;
    assert_eq!(again.status, 400);
    assert!(
        again.body.contains("&quot;&gt;&lt;script&gt;")
            && again.body.contains("Control characters")
    );
    assert_eq!(store.directory().count(), 1);
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let (_store, port) = start().await;
    let answers = [
        get(port, "/", "").await,
        get(port, "/nowhere", "").await,
        get(port, "/static/chat.css", "").await,
        post(port, "/", "", "").await,
        post(port, "/rooms", "", "name=x").await,
    ];
    for answer in answers {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'self';")
                && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
            assert_eq!(answer.header(name), Some("same-origin"));
        }
        let features = answer.header("permissions-policy").unwrap();
        assert!(features.contains("camera=()"), "{features}");
    }
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let (_store, port) = start().await;
    for path in [
        "/nowhere",
        "/room/NoSlug",
        "/room/%FF",
        "/room/",
        "/room/a/b",
        "/static/../Cargo.toml",
        "/static/%2E%2E%2FCargo.toml",
    ] {
        let answer = get(port, path, "").await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            answer.body.contains("There is no such page or room."),
            "{path}"
        );
    }
    assert_eq!(post(port, "/", "", "").await.status, 405);
    assert_eq!(get(port, "/rooms", "").await.status, 405);
    assert_eq!(post(port, "/room/nowhere", "", "").await.status, 405);
    let head = exchange(
        port,
        "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[tokio::test]
async fn a_room_that_is_not_there_can_be_opened() {
    let (_store, port) = start().await;
    let missing = get(port, "/room/caf%C3%A9-bar", "").await;
    assert_eq!(missing.status, 404);
    let form = r#"<form class="add" method="post" action="/rooms">"#;
    assert!(
        missing.body.contains(form)
            && missing.body.contains(r#"name="name" value="café-bar""#),
        "{}",
        missing.body
    );
    let opened = post(port, "/rooms", "", "name=caf%C3%A9-bar").await;
    assert_eq!(opened.header("location"), Some("/room/caf%C3%A9-bar"));
    assert!(!get(port, "/nowhere", "").await.body.contains("<form"));
}

#[tokio::test]
async fn a_refused_name_has_the_cursor_and_says_why() {
    let (_store, port) = start().await;
    let good = get(port, "/", "").await;
    assert!(good.body.contains("<title>Rooms</title>"));
    assert!(!good.body.contains("aria-invalid") && !good.body.contains("autofocus"));
    let again = post(port, "/rooms", "", "name=+%21").await;
    assert_eq!(again.status, 400);
    assert!(
        again
            .body
            .contains("<title>Error: no room was added</title>")
    );
    assert!(again.body.contains(r#"aria-invalid="true" autofocus"#));
}

/// The addresses between `start` and the next quotation mark.
fn addresses<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(|rest| {
        rest.split('"')
            .next()
            .filter(|address| !address.contains(' '))
    })
}

#[tokio::test]
async fn what_a_page_loads_is_served_with_its_type() {
    let (_store, port) = start().await;
    post(port, "/rooms", "", "name=lobby").await;
    let mut wanted = Vec::new();
    for page in ["/", "/room/lobby", "/nowhere"] {
        let page = get(port, page, "").await.body;
        for start in ["href=\"/static/", "src=\"/static/"] {
            wanted.extend(addresses(&page, start).map(str::to_owned));
        }
    }
    let mut seen = Vec::new();
    while let Some(name) = wanted.pop() {
        if seen.contains(&name) {
            continue;
        }
        // A picture's body is not text.
        let method = if name.strip_suffix(".png").is_some() {
            "HEAD"
        } else {
            "GET"
        };
        let file = exchange(
            port,
            &format!(
                "{method} /static/{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            ),
        )
        .await;
        assert_eq!(file.status, 200, "{name}");
        let kind = match name.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "webmanifest" => "application/manifest+json",
            other => panic!("a file of the type {other}: {name}"),
        };
        assert_eq!(file.header("content-type"), Some(kind), "{name}");
        // A module names those it needs, and a manifest its icons.
        for start in ["from \"./", "\"src\": \"/static/"] {
            wanted.extend(addresses(&file.body, start).map(str::to_owned));
        }
        seen.push(name);
    }
    for name in ["chat.js", "text.js", "rooms.js", "touch-icon.png"] {
        assert!(seen.iter().any(|seen| seen == name), "{name} of {seen:?}");
    }
}

#[tokio::test]
async fn only_our_own_page_adds_rooms() {
    let (store, port) = start().await;
    for origin in [
        "http://evil.example",
        "null",
        "https://localhost:1",
        "file://",
    ] {
        let answer = post(
            port,
            "/rooms",
            &format!("Origin: {origin}\r\n"),
            "name=spam",
        )
        .await;
        assert_eq!(answer.status, 403, "{origin}");
    }
    assert_eq!(store.directory().count(), 0);
    let own = format!("Origin: http://localhost:{port}\r\n");
    assert_eq!(post(port, "/rooms", &own, "name=lobby").await.status, 303);
}

#[tokio::test]
async fn forms_are_bounded() {
    let (store, port) = start().await;
    assert_eq!(
        post(port, "/rooms", "", &format!("name={}", "x".repeat(65)))
            .await
            .status,
        400
    );
    assert_eq!(post(port, "/rooms", "", "nome=lobby").await.status, 400);
    assert_eq!(post(port, "/rooms", "", "name=+%21").await.status, 400);
    // Over the cap the answer comes before the body has: the second half of this one is
    // never sent.
    let large = format!("{:x}\r\n{}\r\n", 5000, "x".repeat(5000));
    let head = "POST /rooms HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = exchange(port, &format!("{head}{large}")).await;
    assert_eq!(answer.status, 413);
    assert_eq!(store.directory().count(), 0);
}

#[tokio::test]
async fn rooms_have_an_end() {
    let (store, port) = start().await;
    for number in 0..MAX_ROOMS {
        store
            .open_room(Room::named(&number.to_string()).unwrap(), None)
            .await
            .unwrap();
    }
    let refused = post(port, "/rooms", "", "name=one+more").await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains("There are too many rooms")
            && refused.body.contains("\"one more\"")
    );
    assert_eq!(
        post(port, "/rooms", "", "name=7").await.status,
        303,
        "those that exist still open"
    );
}

/// One address that makes room after room is told to wait.
#[tokio::test]
async fn rooms_are_made_at_a_bounded_rate() {
    let limits = Limits {
        new_rooms: 1,
        people_per_address: 2,
        ..Limits::NONE
    };
    let options = Options {
        limits,
        trusted_proxies: 1,
        ..quick()
    };
    let port = serve(&memory(), options).await;
    let from = |address| format!("X-Forwarded-For: {address}\r\n");
    for (name, address, status) in [
        ("one", "10.0.0.1", 303),
        ("two", "10.0.0.1", 303),
        ("three", "10.0.0.1", 429),
        ("one", "10.0.0.1", 303),
        ("three", "10.0.0.2", 303),
    ] {
        let form = format!("name={name}");
        let answer = post(port, "/rooms", &from(address), &form).await;
        assert_eq!(answer.status, status, "{name} by {address}");
        if status == 429 {
            assert!(
                answer.body.contains("Too many new rooms"),
                "{}",
                answer.body
            );
        }
    }
}

/// Behind a proxy that rewrites the host, the page's own origin is one that was named.
#[tokio::test]
async fn a_named_origin_is_ours() {
    let options = Options {
        public_hosts: vec!["chat.example".into()],
        ..quick()
    };
    let port = serve(&memory(), options).await;
    for (origin, status) in [("https://chat.example", 303), ("https://evil.example", 403)]
    {
        let origin = format!("Origin: {origin}\r\n");
        let answer = post(port, "/rooms", &origin, "name=lobby").await;
        assert_eq!(answer.status, status, "{origin}");
    }
}

#[tokio::test]
async fn assets_are_asked_about_and_not_sent_twice() {
    let (_store, port) = start().await;
    let first = get(port, "/static/chat.js", "").await;
    assert_eq!(
        first.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    let tag = first.header("etag").unwrap();
    let second = get(
        port,
        "/static/chat.js",
        &format!("If-None-Match: {tag}\r\n"),
    )
    .await;
    assert_eq!((second.status, second.body.as_str()), (304, ""));
    assert_eq!(
        get(port, "/static/chat.js", "If-None-Match: \"old\"\r\n")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_page_is_told_what_the_server_speaks() {
    let store = memory();
    store
        .open_room(Room::named("lobby").unwrap(), None)
        .await
        .unwrap();
    let (polling, websocket) = (true, false);
    let options = Options {
        transports: Transports { polling, websocket },
        client: Some(Bytes::from_static(b"// theirs")),
        ..quick()
    };
    let port = serve(&store, options).await;
    assert!(
        get(port, "/room/lobby", "")
            .await
            .body
            .contains("\"polling\"")
    );
    assert_eq!(
        get(port, "/static/socket.io.js", "").await.body,
        "// theirs"
    );
}

/// A messenger that shows a preview of a link fetches a picture. It needs a whole
/// address, and only the operator knows ours: what a request claims is not used.
#[tokio::test]
async fn a_preview_has_a_picture_when_the_address_is_known() {
    let unknown = serve(&memory(), quick()).await;
    let page = get(unknown, "/", "").await.body;
    assert!(
        page.contains("og:title") && !page.contains("og:image"),
        "{page}"
    );

    let store = memory();
    let options = Options {
        public_url: Some("https://chat.example".to_owned()),
        ..quick()
    };
    let port = serve(&store, options).await;
    assert_eq!(post(port, "/rooms", "", "name=tea").await.status, 303);
    let picture = "<meta property=\"og:image\" \
         content=\"https://chat.example/static/touch-icon.png\">";
    for path in ["/", "/room/tea"] {
        let page = get(port, path, "").await.body;
        assert!(page.contains(picture), "{path}: {page}");
    }
}
