//! Tokens: who is let in. The secret is shown once and kept nowhere; the store has its SHA-256.

use jingwei_core::{Digest, Timestamp};
use jingwei_store::{Page, Token, TokenId};
use serde_json::json;

use crate::{
    App, Error,
    access::{AccessRole, Action, Caller},
    app::{new_id, random_bytes},
    changes::Change,
    paging::{PageOf, PageRequest, named, nothing, of_store, written},
    register::internal,
};

const MAX_NAME_CHARS: usize = 100;
/// Longer than any secret that was ever given out.
const MAX_SECRET_BYTES: usize = 200;
/// What a token is for shows in its id.
const KEPT: &str = "tok";
const SETUP: &str = "set";
const SESSION: &str = "ses";
const SESSION_MICROS: i64 = Timestamp::MICROS_PER_DAY / 2;

#[derive(Debug, Clone)]
pub struct TokenView {
    pub id: String,
    pub name: String,
    pub role: AccessRole,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// A token that was made just now. Nobody can show its secret again.
#[derive(Clone)]
pub struct NewToken {
    pub token: TokenView,
    pub secret: String,
    pub ledger_index: u64,
}

/// A browser's way in. After the setup link it comes with a token for programs, shown once.
pub struct Session {
    pub secret: String,
    pub seconds: u64,
    pub owner_token: Option<String>,
}

/// The newest first.
pub async fn list(app: &App, caller: &Caller, page: &PageRequest) -> Result<PageOf<TokenView>, Error> {
    caller.may(Action::ListTokens)?;
    let listed = app.store.tokens(&page.read()?).await.map_err(of_store)?;
    PageOf::of(listed, |row| Ok(view(row)))
}

pub async fn create(
    app: &App,
    caller: &Caller,
    name: &str,
    role: AccessRole,
    expires_at: Option<Timestamp>,
) -> Result<NewToken, Error> {
    caller.may(Action::CreateToken)?;
    if expires_at.is_some_and(|expires| expires <= app.now()) {
        return Err(Error::invalid("`expires_at` 须在将来", "`expires_at` must lie in the future"));
    }
    let name = written("name", name, MAX_NAME_CHARS)?;
    make(app, caller, KEPT, &name, role, expires_at).await
}

/// Revokes a token. One that is revoked stays as it is.
pub async fn revoke(app: &App, caller: &Caller, id: &str) -> Result<TokenView, Error> {
    caller.may(Action::RevokeToken)?;
    let key = named::<TokenId>("令牌", "token", id)?;
    if app.store.token(&key).await.map_err(of_store)?.is_none() {
        return Err(nothing("令牌", "token", id));
    }
    end(app, caller, &key).await?;
    let row = app.store.token(&key).await.map_err(of_store)?;
    Ok(view(row.ok_or_else(|| nothing("令牌", "token", id))?))
}

/// Whose secret it is. `None`: nobody's, or nobody's any more.
pub async fn authenticate(app: &App, secret: &str) -> Result<Option<Caller>, Error> {
    Ok(usable(app, secret).await?.map(|row| Caller { name: row.name, role: row.role }))
}

/// The secret for the first way in, while no owner's token works: the program that listens prints it once.
pub async fn bootstrap_token(app: &App) -> Result<Option<String>, Error> {
    let mut after = None;
    loop {
        let listed = app.store.tokens(&Page::new(after, Page::MAX_LIMIT)?).await.map_err(of_store)?;
        let opens = |row: &Token| {
            row.role == AccessRole::Owner && row.is_usable_at(app.now()) && !row.id.as_str().starts_with(SESSION)
        };
        if listed.items.iter().any(opens) {
            return Ok(None);
        }
        after = listed.next;
        if after.is_none() {
            break;
        }
    }
    let caller = Caller { name: "first start".to_owned(), role: AccessRole::Owner };
    Ok(Some(make(app, &caller, SETUP, "setup link", AccessRole::Owner, None).await?.secret))
}

/// Exchanges a token for a browser's session of twelve hours. The setup link's token works once: it ends here, and
/// an owner's token takes its place.
pub async fn begin_session(app: &App, secret: &str) -> Result<Option<Session>, Error> {
    let Some(row) = usable(app, secret).await? else { return Ok(None) };
    if row.id.as_str().starts_with(SESSION) {
        return Ok(None);
    }
    let is_setup = row.id.as_str().starts_with(SETUP);
    let name = if is_setup { "owner".to_owned() } else { row.name };
    let caller = Caller { name, role: row.role };
    let owner_token = match is_setup {
        true => Some(make(app, &caller, KEPT, &caller.name, AccessRole::Owner, None).await?.secret),
        false => None,
    };
    let until = Timestamp::from_micros(app.now().micros().saturating_add(SESSION_MICROS));
    let until = row.expires_at.map_or(until, |expires| expires.min(until));
    let session = make(app, &caller, SESSION, &caller.name, caller.role, Some(until)).await?;
    if is_setup {
        end(app, &caller, &row.id).await?;
    }
    let seconds = until.micros().saturating_sub(app.now().micros()).max(0).unsigned_abs() / 1_000_000;
    Ok(Some(Session { secret: session.secret, seconds, owner_token }))
}

async fn usable(app: &App, secret: &str) -> Result<Option<Token>, Error> {
    if secret.is_empty() || secret.len() > MAX_SECRET_BYTES {
        return Ok(None);
    }
    let row = app.store.token_by_hash(&Digest::of(secret.as_bytes())).await.map_err(of_store)?;
    Ok(row.filter(|row| row.is_usable_at(app.now())))
}

async fn make(
    app: &App,
    caller: &Caller,
    prefix: &str,
    name: &str,
    role: AccessRole,
    expires_at: Option<Timestamp>,
) -> Result<NewToken, Error> {
    let now = app.now();
    let secret = format!("jingwei_{}", hex::encode(random_bytes()?));
    let row = Token {
        id: TokenId::new(new_id(prefix)?).map_err(internal)?,
        name: name.to_owned(),
        role,
        hash: Digest::of(secret.as_bytes()),
        created_at: now,
        expires_at,
        revoked_at: None,
    };
    let mut tx = app.begin(caller, now).await?;
    tx.add_token(&row).await.map_err(of_store)?;
    let ledger_index = app.save_change(caller, tx, change(caller, now, "create", &row)?).await?;
    Ok(NewToken { token: view(row), secret, ledger_index })
}

async fn end(app: &App, caller: &Caller, id: &TokenId) -> Result<(), Error> {
    let now = app.now();
    let mut tx = app.begin(caller, now).await?;
    tx.revoke_token(id).await.map_err(of_store)?;
    let record = json!({ "id": id.as_str(), "revoked_at": now });
    let change = Change::new(caller, now, ("revoke", "token"), id.as_str(), None, &record)?;
    app.save_change(caller, tx, change).await?;
    Ok(())
}

/// Neither the secret nor its hash enters the ledger.
fn change(caller: &Caller, at: Timestamp, action: &'static str, row: &Token) -> Result<Change, Error> {
    let record = json!({
        "id": row.id.as_str(), "name": row.name, "role": row.role.code(),
        "created_at": row.created_at, "expires_at": row.expires_at,
    });
    Change::new(caller, at, (action, "token"), row.id.as_str(), None, &record)
}

fn view(row: Token) -> TokenView {
    TokenView {
        id: row.id.to_string(),
        name: row.name,
        role: row.role,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    }
}
