//! Settings: the own account, users, API tokens, about.

use super::browser::{Browser, must_hide, must_show};
use crate::outside::http::Request;
use crate::outside::product::Product;

const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "another fine password";

#[test]
fn a_new_password_needs_the_old_one_and_signs_other_browsers_out() {
    let product = Product::start(&[]);
    let mut browser = Browser::of_owner(&product);
    let mut elsewhere = Browser::of_owner(&product);
    must_show(&browser.page("/settings"), &["owner@example.com", "Owner", "Change password"]);
    let mut change = |current, new, repeated| {
        let fields = [("current", current), ("password", new), ("repeated", repeated)];
        browser.submit("/settings", "/settings/password", &fields)
    };
    let wrong = change("not it", OTHER, OTHER);
    assert_eq!(wrong.status, 422);
    must_show(&wrong.text(), &["This is not your present password"]);
    must_hide(&wrong.text(), &["not it\"", OTHER]);
    let short = change(PASSWORD, "short", "different");
    must_show(&short.text(), &["at least 10 characters", "passwords differ"]);
    let changed = change(PASSWORD, OTHER, OTHER);
    assert_eq!((changed.status, changed.header("location")), (303, "/settings?notice=password_changed"));
    assert_eq!(browser.open("/settings").status, 200, "this browser stays signed in");
    assert_eq!(elsewhere.open("/settings").status, 303, "the other one does not");
    Browser::signed_in(&product, "owner@example.com", OTHER);
}

#[test]
fn the_owner_adds_and_removes_users_and_nobody_else_does() {
    let product = Product::start(&[]);
    let mut owner = Browser::of_owner(&product);
    let add = |owner: &mut Browser, email, password| {
        let fields = [("email", email), ("password", password), ("language", "de")];
        owner.submit("/settings/users", "/settings/users", &fields)
    };
    let refused = add(&mut owner, "nobody", "short");
    assert_eq!(refused.status, 422);
    must_show(&refused.text(), &["does not look like an e-mail address", "at least 10 characters", "value=\"nobody\""]);
    assert_eq!(add(&mut owner, "eve@example.com", OTHER).header("location"), "/settings/users?notice=user_added");
    must_show(
        &add(&mut owner, "Eve@example.com", OTHER).text(),
        &["There is an account with this e-mail address already"],
    );
    let list = owner.page("/settings/users");
    must_show(&list, &["eve@example.com", "owner@example.com"]);
    must_hide(&list, &[OTHER]);

    let mut eve = Browser::signed_in(&product, "eve@example.com", OTHER);
    let settings = eve.page("/settings");
    must_hide(&settings, &["/settings/users"]);
    assert_eq!(eve.open("/settings/users").status, 403);
    let fields = [("email", "mallory@example.com"), ("password", OTHER)];
    assert_eq!(eve.submit("/settings", "/settings/users", &fields).status, 403);
    must_hide(&eve.page("/settings/about"), &["Data directory"]);
    must_show(&owner.page("/settings/about"), &["Data directory", "Reads and writes"]);

    let (_, rest) = list.split_once("action=\"/settings/users/").unwrap();
    let path = format!("/settings/users/{}", rest.split('"').next().unwrap());
    assert_eq!(eve.submit("/settings", &path, &[]).status, 403);
    assert_eq!(owner.submit_bare(&path, &[]).status, 403);
    assert_eq!(owner.submit("/settings/users", &path, &[]).header("location"), "/settings/users?notice=user_removed");
    assert_eq!(eve.open("/settings").status, 303, "a removed user is signed out");
    assert_eq!(Browser::of_stranger(&product).sign_in("eve@example.com", OTHER).status, 401);
}

#[test]
fn an_api_token_is_shown_once_and_works_until_it_is_revoked() {
    let product = Product::start(&[]);
    let mut browser = Browser::of_owner(&product);
    let empty = browser.submit("/settings/tokens", "/settings/tokens", &[("name", " ")]);
    assert_eq!(empty.status, 422);
    must_show(&empty.text(), &["Give it a name"]);
    let made = browser.submit("/settings/tokens", "/settings/tokens", &[("name", "<script>shop")]);
    assert_eq!(made.status, 201);
    assert_eq!(made.header("cache-control"), "no-store");
    let html = made.text();
    must_hide(&html, &["<script>shop"]);
    let (_, rest) = html.split_once("<code class=\"token\" tabindex=\"0\">").unwrap();
    let token = rest.split('<').next().unwrap().to_owned();
    let call = || {
        let request = Request::new("GET", "/api/v1/workflows").header("Authorization", &format!("Bearer {token}"));
        product.send(&request).status
    };
    assert_eq!(call(), 200);
    let list = browser.page("/settings/tokens");
    must_show(&list, &["&#60;script&#62;shop", "owner@example.com", "just now"]);
    must_hide(&list, &[&token]);

    let (before, _) = list.split_once("&#60;script&#62;shop").unwrap();
    let (_, rest) = list[before.len()..].split_once("action=\"/settings/tokens/").unwrap();
    let path = format!("/settings/tokens/{}", rest.split('"').next().unwrap());
    assert_eq!(browser.submit_bare(&path, &[]).status, 403);
    assert_eq!(
        browser.submit("/settings/tokens", &path, &[]).header("location"),
        "/settings/tokens?notice=token_revoked"
    );
    assert_eq!(call(), 401);
    must_hide(&browser.page("/settings/tokens"), &["&#60;script&#62;shop"]);
}

#[test]
fn settings_speak_german_too() {
    let product = Product::start(&[]);
    let mut browser = Browser::of_owner(&product).speaking("de");
    must_show(&browser.page("/settings"), &["Konto", "Passwort ändern", "Eigentümer"]);
    must_show(&browser.page("/settings/users"), &["Benutzer hinzufügen"]);
    must_show(&browser.page("/settings/tokens"), &["Token anlegen", "Kommandozeile"]);
    must_show(&browser.page("/settings/about"), &["Datenverzeichnis", "Liest und schreibt"]);
}
