// The official TypeScript client as a host of the matrix: the steps of plan.py, in another language.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const PATIENCE = 8_000;
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const plans = JSON.parse(Buffer.concat(chunks).toString());

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function transport(server) {
  if (server.transport === "sse") return new SSEClientTransport(new URL(server.url));
  if (server.url) return new StreamableHTTPClientTransport(new URL(server.url));
  const [command, ...args] = server.command;
  return new StdioClientTransport({ command, args });
}

async function open(server) {
  const client = new Client({ name: "typescript", version: "1" }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: "accept",
    content: { username: "Ada", email: "ada@example.com" },
  }));
  await client.connect(transport(server));
  return client;
}

async function call(client, tool, args, options = {}) {
  const result = await client.callTool({ name: tool, arguments: args }, undefined, { timeout: 70_000, ...options });
  return { text: result.content.map((block) => block.text ?? "").join(""), error: result.isError === true };
}

const waits = async (client) => JSON.parse((await call(client, "seen", {})).text);

async function until(client, counter, moreThan) {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
    if ((await waits(client))[counter] > moreThan) return true;
    await new Promise((soon) => setTimeout(soon, 50));
  }
  return false;
}

async function cancelled(client) {
  const before = await waits(client);
  const abort = new AbortController();
  const waiting = call(client, "wait", { seconds: 60 }, { signal: abort.signal }).catch(() => undefined);
  const begun = await until(client, "begun", before.begun);
  abort.abort();
  await waiting;
  return { begun, cancelled: await until(client, "cancelled", before.cancelled) };
}

async function take(client, step) {
  if (step.step === "list") return { tools: (await client.listTools()).tools.map((tool) => tool.name) };
  if (step.step === "cancel") return cancelled(client);
  const progress = [];
  const result = await call(client, step.tool, step.arguments, { onprogress: (told) => progress.push(told.progress) });
  return { ...result, progress };
}

for (const [plan, { server, steps }] of plans.entries()) {
  try {
    const client = await open(server);
    for (const step of steps) {
      const told = await take(client, step).catch((wrong) => ({ raised: String(wrong) }));
      tell({ plan, step: step.step, ...told });
    }
    await client.close();
  } catch (wrong) {
    tell({ plan, step: "open", raised: String(wrong) });
  }
}
