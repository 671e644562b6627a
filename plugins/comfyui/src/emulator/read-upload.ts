/** A file that was sent to `/upload/image`. Undefined: there is none in the form. */
export async function readUpload(body: Buffer, contentType: string) {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch(() => undefined);
  const file = form?.get('image');
  if (!form || !file || typeof file === 'string') return undefined;
  const subfolder = String(form.get('subfolder') ?? '');
  const name = file.name;
  const path = subfolder === '' ? name : `${subfolder}/${name}`;
  return { name, subfolder, path, bytes: Buffer.from(await file.arrayBuffer()) };
}
