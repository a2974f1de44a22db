import { serve } from './server';

// The analysis is loaded by the first call, not before: the process answers sooner, and a fault while loading becomes
// that call's answer rather than a silent death.
serve(
  process,
  {
    analyse: async (request, onProgress) =>
      (await import('../analysis/analyse')).analyse(request, onProgress),
    inspect: async ({ file, said }) => (await import('../analysis/inspect')).inspectModel(file, said),
  },
  () => {
    // The editor is gone, or has no more use for this process: never outlive it.
    process.exit(0);
  },
);
