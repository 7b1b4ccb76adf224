export { type NodeProcess, nodeProcess } from './node-process.js';
export { runProcesses } from './run-processes.js';
