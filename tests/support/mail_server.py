"""A mail server for tests: aiosmtpd, with an account. Prints the port that it got, then a line of JSON a message."""

import argparse
import asyncio
import email
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Keeper:
    """Prints what it takes in; refuses the first message to anybody whose name begins with 'later'."""

    def __init__(self):
        self.put_off = set()

    async def handle_DATA(self, server, session, envelope):
        recipient = envelope.rcpt_tos[0]
        if recipient.startswith("later") and recipient not in self.put_off:
            self.put_off.add(recipient)
            return "451 4.7.1 come back later"
        message = email.message_from_bytes(envelope.content)
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": message["subject"],
            "header_from": message["from"],
            "message_id": message["message-id"],
            "body": message.get_payload(decode=True).decode(),
            "account": session.auth_data.login.decode() if session.auth_data else None,
            "tls": server.transport.get_extra_info("cipher") is not None,
        }
        print(json.dumps(kept), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"codes" and data.password == b"a-password-of-the-mail-server"
    return AuthResult(success=good, handled=good, auth_data=data if good else None)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=["after-starttls", "from-the-first-byte"])
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    return parser.parse_args()


async def serve(asked):
    keeper = Keeper()
    context = None
    if asked.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(asked.certificate, asked.key)
    by_command = asked.tls == "after-starttls"
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            keeper,
            authenticator=authenticate,
            auth_required=True,
            auth_require_tls=by_command,
            tls_context=context if by_command else None,
            require_starttls=by_command,
        ),
        host="127.0.0.1",
        port=asked.port,
        ssl=None if by_command else context,
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    # Ends with whoever started it.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(serve(arguments()))
