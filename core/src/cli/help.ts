const configurationAndStatus = `
Configuration:
  easel.config.json in the working directory, where there is one; another file with --config.
  The plugins and models that come with Easel are always there beside it.

Exit status:
  0  done        1  failed (the error says why and what to do); \`easel health\`: degraded
  2  the command line is wrong        130, 143  stopped by Ctrl-C or SIGTERM`;

export const generalHelp = `
Examples:
  $ easel generate "a yellow star at night"
  $ easel generate "a red house and a green tree in a meadow" -n 4 --seed 7 --out pictures/
  $ easel models
${configurationAndStatus}`;

export const generateHelp = `
Sizes:
  A size within the model's range is rounded to the model's multiple, with a warning; outside of the range it is refused
  (\`easel models\` shows both).

Files:
  --out tree.png        that file, replaced if it exists; with -n 3: tree-1.png, tree-2.png, tree-3.png
  --out pictures/       <prompt>-<seed>.png in that folder, never replacing a file; the folder is made if it is missing
  without --out         easel-<prompt>-<seed>.png in the working directory, never replacing a file
  The paths of the pictures are the last lines on stdout, one a picture; everything else goes to stderr.
  A PNG tells how it was made: --like makes it again, and other tools can read it.

Examples:
  $ easel generate "a yellow star at night"
  $ easel generate "a red house and a green tree in a meadow" --steps 30 --seed 7 --out house.png
  $ easel generate --like house.png --seed 8 --out another-house.png
  $ echo "a blue boat at sea" | easel generate - --json | jq -r .files[0].path
${configurationAndStatus}`;

export const installHelp = `
Files lie in the Hugging Face cache, which other tools share. Environment:
  HF_TOKEN      for models that are gated or private      HF_ENDPOINT   another hub, or a mirror
  HF_HOME       folder of the cache                       HF_HUB_CACHE  the cache itself
An install that was cut off goes on where it stopped.

Examples:
  $ easel models install sdxl-turbo
  $ easel models install Lykon/dreamshaper-8 --variant fp16
  $ easel models install ByteDance/SDXL-Lightning:sdxl_lightning_4step.safetensors`;
