// A real mail server on a free port of this machine. It says its port and every mail it took as lines of JSON, and ends
// when its standard input does.
//
// Environment: COUNTERPARTS (folder with node_modules), SECURITY (starttls, tls, none), CERTIFICATE and KEY (PEM files),
// SIGN_IN (`user:password`; without it no sign-in is offered).

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.COUNTERPARTS, "package.json"));
const { SMTPServer } = require("smtp-server");

const security = process.env.SECURITY;
const signIn = process.env.SIGN_IN;
const say = (fact) => process.stdout.write(`${JSON.stringify(fact)}\n`);

function refusal(address) {
  const [user] = address.split("@");
  const [code, text] = { full: [452, "mailbox full"], unknown: [550, "no such user"], later: [451, "come back later"] }[user] ?? [];
  return code && Object.assign(new Error(text), { responseCode: code });
}

const server = new SMTPServer({
  secure: security === "tls",
  hideSTARTTLS: security === "none",
  disabledCommands: [...(security === "starttls" ? [] : ["STARTTLS"]), ...(signIn ? [] : ["AUTH"])],
  // A password is taken over an encrypted connection only, as a careful server does.
  allowInsecureAuth: false,
  ...(security === "none" ? {} : { key: readFileSync(process.env.KEY), cert: readFileSync(process.env.CERTIFICATE) }),
  onAuth({ username, password }, _session, done) {
    if (`${username}:${password}` === signIn) return done(null, { user: username });
    // A careless server repeats what it was sent.
    done(Object.assign(new Error(`wrong password ${password}`), { responseCode: 535 }));
  },
  onMailFrom: ({ address }, _session, done) => done(refusal(address)),
  onRcptTo: ({ address }, _session, done) => done(refusal(address)),
  onData(stream, session, done) {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      const { envelope, user, secure } = session;
      const to = envelope.rcptTo.map(({ address }) => address);
      say({ from: envelope.mailFrom.address, to, user: user ?? null, secure, message: Buffer.concat(chunks).toString("utf8") });
      done(null, "taken over");
    });
  },
});

server.on("error", () => {});
server.listen(0, "127.0.0.1", () => say({ port: server.server.address().port }));
process.stdin.resume().on("end", () => process.exit(0));
