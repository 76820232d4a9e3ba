//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// On 32-bit ARM, 64-bit division and conversions between 64-bit integers and
// floats are calls of the C compiler's own library (libgcc, compiler-rt). An
// object of ours needs libc and libm only, so it brings its own: one internal
// function for each that is used.
//
//===----------------------------------------------------------------------===//

#include "ExpandLibcalls.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ValueHandle.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/IntegerDivision.h"

using namespace llvm;

namespace {

class Expander {
public:
  Expander(Module &module, bool dividesWords)
      : module(module), dividesWords(dividesWords),
        i32(Type::getInt32Ty(module.getContext())),
        i64(Type::getInt64Ty(module.getContext())),
        f64(Type::getDoubleTy(module.getContext())) {}

  void run();

private:
  bool isCall(const Instruction &instruction) const;
  void replace(Instruction &instruction);
  Value *replaceScalar(IRBuilder<> &builder, const Instruction &like,
                       ArrayRef<Value *> operands);
  Function *helper(unsigned opcode, Type *from, Type *to);
  void writeDivision(Function &function, unsigned opcode);
  Value *toF64(IRBuilder<> &b, Value *x, bool isSigned);
  Value *toFloat(IRBuilder<> &b, Value *x, Type *to, bool isSigned);
  Value *toInteger(IRBuilder<> &b, Value *x, bool isSigned);

  Module &module;
  bool dividesWords;
  Type *i32, *i64, *f64;
};

bool Expander::isCall(const Instruction &instruction) const {
  auto wide = [](Type *type) { return type->getScalarType()->isIntegerTy(64); };
  switch (instruction.getOpcode()) {
  case Instruction::UDiv:
  case Instruction::SDiv:
  case Instruction::URem:
  case Instruction::SRem:
    // A division by a constant of one word becomes a multiplication.
    if (instruction.getType()->getScalarSizeInBits() <= 32)
      return !dividesWords && !isa<Constant>(instruction.getOperand(1));
    return wide(instruction.getType());
  case Instruction::FPToSI:
  case Instruction::FPToUI:
    return wide(instruction.getType());
  case Instruction::SIToFP:
  case Instruction::UIToFP:
    return wide(instruction.getOperand(0)->getType());
  default:
    return false;
  }
}

void Expander::run() {
  SmallVector<Instruction *> found;
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (isCall(instruction))
        found.push_back(&instruction);
  for (Instruction *instruction : found)
    replace(*instruction);
}

/// Vectors element by element: that is what the calls would be.
void Expander::replace(Instruction &instruction) {
  IRBuilder<> builder(&instruction);
  SmallVector<Value *> operands(instruction.operands());
  Value *made;
  if (auto *vector = dyn_cast<FixedVectorType>(instruction.getType())) {
    made = PoisonValue::get(vector);
    for (unsigned i = 0; i < vector->getNumElements(); ++i) {
      SmallVector<Value *> elements;
      for (Value *operand : operands)
        elements.push_back(builder.CreateExtractElement(operand, i));
      made = builder.CreateInsertElement(
          made, replaceScalar(builder, instruction, elements), i);
    }
  } else {
    made = replaceScalar(builder, instruction, operands);
  }
  instruction.replaceAllUsesWith(made);
  instruction.eraseFromParent();
}

Value *Expander::replaceScalar(IRBuilder<> &builder, const Instruction &like,
                               ArrayRef<Value *> operands) {
  unsigned opcode = like.getOpcode();
  Type *result = like.getType()->getScalarType(),
       *argument = operands[0]->getType();
  // Narrow integers divide as words.
  if (result->isIntegerTy() && result->getIntegerBitWidth() < 32) {
    bool isSigned = opcode == Instruction::SDiv || opcode == Instruction::SRem;
    Value *words[] = {builder.CreateIntCast(operands[0], i32, isSigned),
                      builder.CreateIntCast(operands[1], i32, isSigned)};
    return builder.CreateTrunc(
        builder.CreateCall(helper(opcode, i32, i32), words), result);
  }
  return builder.CreateCall(helper(opcode, argument, result), operands);
}

Function *Expander::helper(unsigned opcode, Type *from, Type *to) {
  auto shortName = [](Type *type) {
    return (type->isIntegerTy() ? "i" : "f") +
           Twine(type->getScalarSizeInBits());
  };
  std::string name = ("tfc." + Twine(Instruction::getOpcodeName(opcode)) + "." +
                      shortName(from) + "." + shortName(to))
                         .str();
  if (Function *known = module.getFunction(name))
    return known;
  bool division = Instruction::isBinaryOp(opcode);
  SmallVector<Type *, 2> parameters(division ? 2 : 1, from);
  auto *function = Function::Create(FunctionType::get(to, parameters, false),
                                    Function::InternalLinkage, name, module);
  function->addFnAttr(Attribute::NoInline);
  function->addFnAttr(Attribute::NoUnwind);
  if (!module.empty()) { // the machine that everything is compiled for
    for (StringRef key : {"target-cpu", "target-features"})
      for (Function &other : module)
        if (other.hasFnAttribute(key)) {
          function->addFnAttr(other.getFnAttribute(key));
          break;
        }
  }
  if (division) {
    writeDivision(*function, opcode);
    return function;
  }
  IRBuilder<> b(BasicBlock::Create(module.getContext(), "", function));
  Value *x = function->getArg(0);
  bool isSigned =
      opcode == Instruction::SIToFP || opcode == Instruction::FPToSI;
  b.CreateRet(from->isIntegerTy() ? toFloat(b, x, to, isSigned)
                                  : toInteger(b, x, isSigned));
  return function;
}

/// By words where both operands are small; else bit by bit, which LLVM knows
/// how to write.
void Expander::writeDivision(Function &function, unsigned opcode) {
  auto binary = static_cast<Instruction::BinaryOps>(opcode);
  Value *x = function.getArg(0), *y = function.getArg(1);
  bool remainder = opcode == Instruction::URem || opcode == Instruction::SRem;
  bool isSigned = opcode == Instruction::SDiv || opcode == Instruction::SRem;
  LLVMContext &context = module.getContext();
  auto *entry = BasicBlock::Create(context, "", &function);
  IRBuilder<> b(entry);
  if (x->getType() == i64) {
    auto *small = BasicBlock::Create(context, "small", &function);
    auto *large = BasicBlock::Create(context, "large", &function);
    Value *high = b.CreateLShr(b.CreateOr(x, y), 31 + !isSigned);
    b.CreateCondBr(b.CreateICmpEQ(high, b.getInt64(0)), small, large);
    b.SetInsertPoint(small);
    auto word = remainder ? Instruction::URem : Instruction::UDiv;
    Value *a = b.CreateTrunc(x, i32), *c = b.CreateTrunc(y, i32);
    Value *quotient = dividesWords
                          ? b.CreateBinOp(word, a, c)
                          : b.CreateCall(helper(word, i32, i32), {a, c});
    b.CreateRet(b.CreateZExt(quotient, i64));
    b.SetInsertPoint(large);
  }
  auto *division = cast<BinaryOperator>(b.CreateBinOp(binary, x, y));
  b.CreateRet(division);
  if (remainder)
    expandRemainder(division);
  else
    expandDivision(division);
}

/// One rounding: both halves are exact, and so is the product.
Value *Expander::toF64(IRBuilder<> &b, Value *x, bool isSigned) {
  Value *high = b.CreateTrunc(b.CreateLShr(x, 32), i32),
        *low = b.CreateTrunc(x, i32);
  Value *top = isSigned ? b.CreateSIToFP(high, f64) : b.CreateUIToFP(high, f64);
  return b.CreateFAdd(b.CreateFMul(top, ConstantFP::get(f64, 4294967296.0)),
                      b.CreateUIToFP(low, f64));
}

/// To f32 by way of f64: bits that f64 would round away only leave a mark that
/// they were there.
Value *Expander::toFloat(IRBuilder<> &b, Value *x, Type *to, bool isSigned) {
  if (to->isDoubleTy())
    return toF64(b, x, isSigned);
  Value *sign = b.CreateAShr(x, 63);
  Value *magnitude = isSigned ? b.CreateSub(b.CreateXor(x, sign), sign) : x;
  Value *lost = b.CreateICmpNE(b.CreateAnd(x, 0x7ff), b.getInt64(0));
  Value *marked =
      b.CreateOr(b.CreateAnd(x, ~uint64_t(0x7ff)),
                 b.CreateSelect(lost, b.getInt64(0x800), b.getInt64(0)));
  Value *large = b.CreateICmpUGT(magnitude, b.getInt64(uint64_t(1) << 53));
  return b.CreateFPTrunc(toF64(b, b.CreateSelect(large, marked, x), isSigned),
                         to);
}

/// Truncates; what does not fit is undefined, as everywhere in LLVM.
Value *Expander::toInteger(IRBuilder<> &b, Value *x, bool isSigned) {
  if (!x->getType()->isDoubleTy())
    x = b.CreateFPExt(x, f64);
  Value *negative = b.CreateFCmpOLT(x, ConstantFP::get(f64, 0.0));
  Value *magnitude =
      isSigned ? b.CreateSelect(negative, b.CreateFNeg(x), x) : x;
  Value *high = b.CreateFPToUI(
      b.CreateFMul(magnitude, ConstantFP::get(f64, 1.0 / 4294967296.0)), i32);
  Value *rest =
      b.CreateFSub(magnitude, b.CreateFMul(b.CreateUIToFP(high, f64),
                                           ConstantFP::get(f64, 4294967296.0)));
  Value *whole = b.CreateOr(b.CreateShl(b.CreateZExt(high, i64), 32),
                            b.CreateZExt(b.CreateFPToUI(rest, i32), i64));
  return isSigned ? b.CreateSelect(negative, b.CreateNeg(whole), whole) : whole;
}

} // namespace

/// The greater (less) of two numbers, NaN if one is; +0 is greater than -0.
static Value *expandExtreme(IRBuilder<> &b, Value *x, Value *y, bool greatest) {
  Type *type = x->getType();
  Type *bits = type->getWithNewType(b.getIntNTy(type->getScalarSizeInBits()));
  Value *xBits = b.CreateBitCast(x, bits), *yBits = b.CreateBitCast(y, bits);
  // Equal numbers differ in the sign of zero at most.
  Value *equal = b.CreateBitCast(
      greatest ? b.CreateAnd(xBits, yBits) : b.CreateOr(xBits, yBits), type);
  Value *other = b.CreateSelect(
      greatest ? b.CreateFCmpOGT(x, y) : b.CreateFCmpOLT(x, y), x, y);
  Value *number = b.CreateSelect(b.CreateFCmpOEQ(x, y), equal, other);
  return b.CreateSelect(b.CreateFCmpUNO(x, y), b.CreateFAdd(x, y), number);
}

void tfc::expandExtremes(Module &module, const TargetMachine &machine) {
  if (!machine.getTargetTriple().isARM() &&
      !machine.getTargetTriple().isThumb())
    return;
  SmallVector<CallInst *> calls;
  for (Function &function : module)
    if (function.getIntrinsicID() == Intrinsic::maximum ||
        function.getIntrinsicID() == Intrinsic::minimum)
      for (User *user : function.users())
        if (auto *call = dyn_cast<CallInst>(user);
            call && call->getType()->getScalarType()->isDoubleTy())
          calls.push_back(call);
  for (CallInst *call : calls) {
    IRBuilder<> builder(call);
    bool greatest = call->getIntrinsicID() == Intrinsic::maximum;
    call->replaceAllUsesWith(expandExtreme(builder, call->getArgOperand(0),
                                           call->getArgOperand(1), greatest));
    call->eraseFromParent();
  }
}

void tfc::useC99(Module &module) {
  for (Function &function : make_early_inc_range(module)) {
    bool call =
        function.isDeclaration() && (function.getName() == "roundeven" ||
                                     function.getName() == "roundevenf");
    if (!call && function.getIntrinsicID() != Intrinsic::roundeven)
      continue;
    Function *rint = Intrinsic::getOrInsertDeclaration(
        &module, Intrinsic::nearbyint, function.getReturnType());
    function.replaceAllUsesWith(rint);
    function.eraseFromParent();
  }
}

/// Calls of an intrinsic on vectors become calls on their elements, as code
/// generation would make them.
static void takeApart(Function &function, FixedVectorType &type) {
  Function *element = Intrinsic::getOrInsertDeclaration(
      function.getParent(), function.getIntrinsicID(), type.getElementType());
  for (User *user : make_early_inc_range(function.users())) {
    auto *call = dyn_cast<CallInst>(user);
    if (!call)
      continue;
    IRBuilder<> builder(call);
    builder.setFastMathFlags(call->getFastMathFlags());
    Value *whole = PoisonValue::get(&type);
    for (unsigned i = 0; i < type.getNumElements(); ++i) {
      Value *x = builder.CreateExtractElement(call->getArgOperand(0), i);
      whole =
          builder.CreateInsertElement(whole, builder.CreateCall(element, x), i);
    }
    call->replaceAllUsesWith(whole);
    call->eraseFromParent();
  }
}

/// The sine and cosine of one angle stay two calls: `sincos` is no function of
/// C99.
static void keepSineAndCosineApart(Module &module) {
  for (Function &function : make_early_inc_range(module)) {
    Intrinsic::ID id = function.getIntrinsicID();
    auto *type = dyn_cast<FixedVectorType>(function.getReturnType());
    if (type && (id == Intrinsic::sin || id == Intrinsic::cos))
      takeApart(function, *type);
  }
  for (Function &function : make_early_inc_range(module)) {
    Intrinsic::ID id = function.getIntrinsicID();
    Type *type = function.getReturnType();
    bool scalar = type->isFloatTy() || type->isDoubleTy();
    StringRef name = id == Intrinsic::sin   ? "sin"
                     : id == Intrinsic::cos ? "cos"
                                            : function.getName();
    name.consume_back("f");
    if (!scalar || !function.isDeclaration() ||
        (name != "sin" && name != "cos"))
      continue;
    FunctionCallee callee = module.getOrInsertFunction(
        (name + (type->isFloatTy() ? "f" : "")).str(), type, type);
    for (User *user : make_early_inc_range(function.users()))
      if (auto *call = dyn_cast<CallInst>(user)) {
        call->setCalledFunction(callee);
        call->addFnAttr(Attribute::NoBuiltin); // else they are merged again
      }
    if (id != Intrinsic::not_intrinsic && function.use_empty())
      function.eraseFromParent();
  }
}

static Type *wordsType(Type *halves) {
  Type *words = Type::getInt16Ty(halves->getContext());
  if (auto *vector = dyn_cast<VectorType>(halves))
    return vector->getWithNewType(words);
  return words;
}

/// The integers with the bits of a value of half type, scalar or vector.
static Value *wordsOf(IRBuilder<> &builder, Value *halves) {
  Type *words = wordsType(halves->getType());
  // Of the same block or not, halves that were integers stay so.
  auto *cast = dyn_cast<BitCastInst>(halves);
  if (cast && cast->getSrcTy() == words)
    return cast->getOperand(0);
  return builder.CreateBitCast(halves, words);
}

static Value *mergeWords(IRBuilder<> &builder, PHINode &phi) {
  PHINode *made =
      builder.CreatePHI(wordsType(phi.getType()), phi.getNumIncomingValues());
  DenseMap<BasicBlock *, Value *> from; // a block may be there twice
  for (auto [block, value] : zip(phi.blocks(), phi.incoming_values())) {
    Value *&words = from[block];
    if (!words) {
      IRBuilder<> before(block->getTerminator());
      words = wordsOf(before, value);
    }
    made->addIncoming(words, block);
  }
  return made;
}

/// The same move of halves as one of integers.
static Value *moveWords(IRBuilder<> &builder, Instruction &move) {
  if (auto *select = dyn_cast<SelectInst>(&move))
    return builder.CreateSelect(select->getCondition(),
                                wordsOf(builder, select->getTrueValue()),
                                wordsOf(builder, select->getFalseValue()));
  if (auto *insert = dyn_cast<InsertElementInst>(&move))
    return builder.CreateInsertElement(wordsOf(builder, insert->getOperand(0)),
                                       wordsOf(builder, insert->getOperand(1)),
                                       insert->getOperand(2));
  if (auto *extract = dyn_cast<ExtractElementInst>(&move))
    return builder.CreateExtractElement(
        wordsOf(builder, extract->getVectorOperand()),
        extract->getIndexOperand());
  if (auto *shuffle = dyn_cast<ShuffleVectorInst>(&move))
    return builder.CreateShuffleVector(wordsOf(builder, shuffle->getOperand(0)),
                                       wordsOf(builder, shuffle->getOperand(1)),
                                       shuffle->getShuffleMask());
  if (auto *load = dyn_cast<LoadInst>(&move)) {
    LoadInst *made =
        builder.CreateAlignedLoad(wordsType(load->getType()),
                                  load->getPointerOperand(), load->getAlign());
    made->copyMetadata(*load);
    return made;
  }
  if (auto *store = dyn_cast<StoreInst>(&move)) {
    StoreInst *made = builder.CreateAlignedStore(
        wordsOf(builder, store->getValueOperand()), store->getPointerOperand(),
        store->getAlign());
    made->copyMetadata(*store);
    return made;
  }
  if (auto *phi = dyn_cast<PHINode>(&move))
    return mergeWords(builder, *phi);
  auto *call = cast<IntrinsicInst>(&move);
  Intrinsic::ID id = call->getIntrinsicID();
  bool load = id == Intrinsic::masked_load;
  SmallVector<Value *> operands(call->args());
  Value *&whole = operands[load ? 2 : 0]; // what is not loaded, what is stored
  whole = wordsOf(builder, whole);
  Type *pointer = operands[load ? 0 : 1]->getType();
  CallInst *made = builder.CreateCall(
      Intrinsic::getOrInsertDeclaration(call->getModule(), id,
                                        {whole->getType(), pointer}),
      operands);
  made->setAttributes(call->getAttributes());
  made->copyMetadata(*call);
  return made;
}

static bool movesHalves(const Instruction &instruction) {
  const Type *type = instruction.getType();
  bool everywhere = true; // also of f16, which may have instructions
  if (auto *call = dyn_cast<IntrinsicInst>(&instruction)) {
    if (call->getIntrinsicID() == Intrinsic::masked_store)
      type = call->getArgOperand(0)->getType();
    else if (call->getIntrinsicID() != Intrinsic::masked_load)
      return false;
  } else if (!isa<SelectInst>(instruction)) {
    everywhere = false;
    if (auto *store = dyn_cast<StoreInst>(&instruction))
      type = store->getValueOperand()->getType();
    else if (!isa<LoadInst, PHINode, InsertElementInst, ExtractElementInst,
                  ShuffleVectorInst>(instruction))
      return false;
    if (instruction.isAtomic() || instruction.isVolatile())
      return false;
  }
  return type->getScalarType()->isBFloatTy() ||
         (everywhere && type->getScalarType()->isHalfTy());
}

/// Integers that became halves only to become integers again, perhaps in
/// another block.
static void dropRoundTrips(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction :
         make_early_inc_range(instructions(function))) {
      auto *back = dyn_cast<BitCastInst>(&instruction);
      auto *there = back ? dyn_cast<BitCastInst>(back->getOperand(0)) : nullptr;
      if (!there || there->getSrcTy() != back->getDestTy() ||
          !back->getDestTy()->getScalarType()->isIntegerTy(16))
        continue;
      back->replaceAllUsesWith(there->getOperand(0));
      back->eraseFromParent();
    }
}

/// Choices, moves of elements, masked loads and masked stores of half types
/// become those of integers: where vectors are taken apart, code generation
/// would move each element through f32, by calls of the C compiler's library.
static void moveHalvesAsIntegers(Module &module) {
  SmallVector<Instruction *> moves;
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (movesHalves(instruction))
        moves.push_back(&instruction);
  for (Instruction *move : moves) {
    IRBuilder<> builder(move);
    SmallVector<WeakVH> operands(move->operand_values());
    Value *made = moveWords(builder, *move);
    if (isa<PHINode>(move))
      builder.SetInsertPoint(move->getParent(),
                             move->getParent()->getFirstInsertionPt());
    if (!move->getType()->isVoidTy())
      move->replaceAllUsesWith(builder.CreateBitCast(made, move->getType()));
    move->eraseFromParent();
    for (WeakVH &operand : operands) // one may be there twice
      if (auto *cast =
              dyn_cast_or_null<BitCastInst>(static_cast<Value *>(operand));
          cast && cast->use_empty())
        cast->eraseFromParent();
  }
  dropRoundTrips(module);
}

void tfc::expandLibcalls(Module &module, const TargetMachine &machine) {
  keepSineAndCosineApart(module);
  moveHalvesAsIntegers(module);
  if (!machine.getTargetTriple().isARM() &&
      !machine.getTargetTriple().isThumb())
    return;
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  bool thumb = machine.getTargetTriple().isThumb();
  Expander(module, info.checkFeatures(thumb ? "+hwdiv" : "+hwdiv-arm")).run();
}
