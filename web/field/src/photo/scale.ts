// Photos are made small on the phone: 300 kB show every figure of a meter and cross a weak network.

export const MOST_BYTES = 300_000
const LONG_SIDE = 1600
const LEAST_SIDE = 320
const QUALITIES = [0.8, 0.5]

/** The file is no picture that this browser can open. */
export class NoPicture extends Error {
  override name = 'NoPicture'
}

export type Draw = (longSide: number, quality: number) => Promise<Blob>

/** Scale a picture down until it is small enough; throws NoPicture. */
export async function scaled(file: Blob): Promise<Blob> {
  // The picture is turned upright by what the camera wrote into it.
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => {
    throw new NoPicture(file.type)
  })
  try {
    return await smallest((longSide, quality) => drawn(picture, longSide, quality))
  } finally {
    picture.close()
  }
}

/**
 * Make it coarser first, then smaller, by as much as the latest try was too large; each try costs an old phone
 * a part of a second. The smallest size is taken as it is.
 */
export async function smallest(draw: Draw): Promise<Blob> {
  let longSide = LONG_SIDE
  for (;;) {
    let made = new Blob()
    for (const quality of QUALITIES) {
      made = await draw(longSide, quality)
      if (made.size <= MOST_BYTES) return made
    }
    if (longSide === LEAST_SIDE) return made
    const fitting = Math.floor(longSide * Math.min(0.9, Math.sqrt(MOST_BYTES / made.size)))
    longSide = Math.max(LEAST_SIDE, fitting)
  }
}

async function drawn(picture: ImageBitmap, longSide: number, quality: number): Promise<Blob> {
  const scale = Math.min(1, longSide / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new NoPicture('canvas'))), 'image/jpeg', quality)
  })
}
