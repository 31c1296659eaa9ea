// The documentation page: the same tables as /openapi.json, for people. Plain HTML without scripts or other hosts.

import { type Field, fieldsOf } from "./fields.ts";
import { PROBLEMS } from "./problem.ts";
import { type Route, ROUTES } from "./routes.ts";

/** The page; `keyed` says whether keys are asked for, `prefix` what paths begin with. */
export function docsPage(keyed: boolean, prefix = ""): string {
  const key = keyed ? `\n  -H "Authorization: Bearer $KEY" \\` : "";
  const problems = Object.entries(PROBLEMS).map(([name, [status, title]]) =>
    `<tr id="${name}"><td><code>${name}</code></td><td>${status}</td><td>${title}</td></tr>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>maskinv: API</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8884 }
pre { overflow: auto; padding: .8rem; background: #8882; border-radius: .4rem }
tr:target { background: #fc04 }
</style>
</head>
<body>
<h1>maskinv: API</h1>
<p>Face verification that still knows you behind a mask. Neither photos nor templates are logged, and photos are
not kept. Send <code>multipart/form-data</code> with files, or <code>application/json</code> with photos in base64
(${
    keyed
      ? "with an API key"
      : "no API key is asked for"
  }). <a href="openapi.json">openapi.json</a> is for machines.</p>
<pre>curl \\${key}
  -F probe=@a.jpg -F reference=@b.jpg ${"https://this-server"}${prefix}/v1/verify</pre>
${ROUTES.map(section).join("\n")}
<h2>Other paths</h2>
<p><code>GET /health</code> answers 200 while requests are taken. <code>GET /metrics</code> has counters for
Prometheus.</p>
<h2>Problems</h2>
<p>Errors are <code>application/problem+json</code> (RFC 9457); <code>type</code> leads to a row of this table, and
<code>detail</code> says what was seen and what to do. 429 and 503 say in <code>Retry-After</code> when to try again.</p>
<table><thead><tr><th>Type</th><th>Status</th><th>Title</th></tr></thead><tbody>
${problems.join("\n")}
</tbody></table>
</body>
</html>
`;
}

function section({ path, summary, request, answer: { status, type, meaning } }: Route): string {
  return `<h2><code>POST ${path}</code></h2>
<p>${summary}.</p>
<table><thead><tr><th>Field</th><th>Kind</th><th>Meaning (default)</th></tr></thead><tbody>
${fieldsOf(request).map(row).join("\n")}
</tbody></table>
<p>Answers ${status}, <code>${type}</code>: ${meaning}.</p>`;
}

function row({ name, kind, required, help }: Field): string {
  const kinds = { photo: "file", text: "text", number: "number", flag: "true or false" };
  return `<tr><td><code>${name}</code>${required ? " (required)" : ""}</td><td>${
    kinds[kind]
  }</td><td>${help}</td></tr>`;
}
