"""People: who may come in, how they show who they are, what each may do, and the record of what each did.

What other rooms and screens use:

* `rights.Principal`, `rights.Right`, `rights.Role`: who acts and what they may do. `principal.by` is the name that
  decisions, cases and exports keep; `principal.may(Right.DECIDE)` answers; `machine(name)` is the command line.
* `audit.audit(session, principal, action, subject, details, now)`: one entry of the record, in the same transaction
  as the thing it tells of. Actions are words with a dot ("case.export"), subjects name a row ("case:12"); details are
  short facts, never secrets and never what a listing says.
* In the console `desk.require(request, Right.X)` for a page and `desk.act(request, token, Right.X)` for a form; both
  return the Principal. Templates have `me` and `may("decide")`.
* `tokens.token_principal(session, header, now)` for the API.
"""
