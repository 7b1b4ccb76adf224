export { ClusterModule } from './cluster.module.js';
