"""Signing in, and who one is."""

from __future__ import annotations

from ninja import Router, Schema

from mingdu.base.operations import sign_in
from mingdu.customers.operations import CODE_MINUTES, request_code, sign_in_with_code
from mingdu.customers.queries import own_accounts
from mingdu.faces.identity import Asked, address_of

from .door import Request
from .fields import Body, Name, Secret, Short

router = Router(tags=["identity"])


class SignIn(Body):
    """Login and password of a member of staff."""

    login: Name
    password: Secret


class Phone(Body):
    """A customer's phone."""

    phone: Short


class PhoneAndCode(Body):
    """A customer's phone and the code that it got."""

    phone: Short
    code: Name


class Token(Schema):
    """The secret of a session: send it as `Authorization: Bearer …`."""

    token: str


class CodeSent(Schema):
    """The same answer whether the phone is known or not."""

    valid_minutes: int


class Me(Schema):
    """Who is signed in."""

    id: str
    name: str
    roles: list[str]
    language: str
    accounts: list[str]


@router.post("/sign-in", auth=None, response=Token)
def staff_sign_in(request: Asked, body: SignIn) -> Token:
    """Sign a member of staff in; after some failures the next try has to wait."""
    _, token = sign_in(body.login, body.password, now=request.now, address=address_of(request))
    return Token(token=token)


@router.post("/customer/code", auth=None, response=CodeSent)
def customer_code(request: Asked, body: Phone) -> CodeSent:
    """Send a one-time code to a customer's phone."""
    request_code(body.phone, now=request.now)
    return CodeSent(valid_minutes=CODE_MINUTES)


@router.post("/customer/sign-in", auth=None, response=Token)
def customer_sign_in(request: Asked, body: PhoneAndCode) -> Token:
    """Sign a customer in by the code that his phone got; a code works once."""
    return Token(token=sign_in_with_code(body.phone, body.code, now=request.now).token)


@router.get("/me", response=Me)
def me(request: Request) -> Me:
    """Tell who is signed in, with his roles and, for a customer, his accounts."""
    by = request.auth
    accounts = [account.account_number for account in own_accounts(by)] if by.is_customer else []
    return Me(id=by.id, name=by.name, roles=sorted(by.roles), language=by.language, accounts=accounts)
