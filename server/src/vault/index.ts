/** The door to cryptography: pure functions over keys the caller holds; nothing is kept here. */
export {
  aesGcmOpen,
  aesGcmSeal,
  type GcmBox,
  sameBytes,
  sm4CbcDecrypt,
  sm4CbcEncrypt,
  sm4GcmOpen,
  sm4GcmSeal,
} from './block.ts'
export { hmacSm3, sm3 } from './digest.ts'
export {
  checkContentDigest,
  componentId,
  contentDigest,
  type HttpMessage,
  type ReceivedSignature,
  readSignature,
  type SignatureInput,
  type SigningTerms,
  signatureBase,
  signMessage,
  splitPath,
} from './http-signature.ts'
export {
  readVerificationKey,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  signatureLength,
  signBase,
  type VerificationKey,
  verifySignature,
} from './http-signature-key.ts'
export {
  readRsaPrivateKey,
  readRsaPublicKey,
  rsaOaepDecrypt,
  rsaOaepEncrypt,
  rsaSign,
  rsaVerify,
} from './rsa.ts'
export {
  readSm2PrivateKey,
  readSm2PublicKey,
  SM2_DEFAULT_ID,
  type Sm2Form,
  type Sm2PrivateKey,
  type Sm2PublicKey,
  sm2Decrypt,
  sm2Encrypt,
  sm2PublicKeyOf,
  sm2Sign,
  sm2Verify,
} from './sm2.ts'
export { createSm2Verifier, type Sm2Verifier, type Sm2VerifierOptions } from './sm2-verifier.ts'
